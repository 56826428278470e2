"""How long a broken stream is taken up again before its error is raised."""

import time
from dataclasses import dataclass, field

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0


@dataclass(slots=True)
class Patience:
    """Counts the time without progress.

    Attributes:
        seconds: time without progress after which `next_pause` raises. Raising it survives longer outages.
    """

    seconds: float
    _since: float = field(default_factory=time.monotonic)
    _pause: float = _FIRST_PAUSE

    def progressed(self) -> None:
        """Start again: something came."""
        self._since, self._pause = time.monotonic(), _FIRST_PAUSE

    def next_pause(self, error: Exception) -> float:
        """Return the seconds to wait before the next try.

        Raises:
            Exception: ``error``, once the time is over.
        """
        if time.monotonic() - self._since >= self.seconds:
            raise error
        pause, self._pause = self._pause, min(2 * self._pause, _LONGEST_PAUSE)
        return pause
