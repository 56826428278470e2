"""When a frame is looked round in for people whom nobody knows yet: not on and on where there is nobody."""

from dataclasses import dataclass


@dataclass(slots=True)
class Patience:
    """Waits after a look that found nobody.

    Attributes:
        frames: how many frames it waits, from such a look to the next.
        until: first frame in which to look again.
    """

    frames: int
    until: int = 0

    def looks(self, time: int, *, shot: bool) -> bool:
        """Return whether to look in a frame; always at the beginning of a shot."""
        return shot or time >= self.until

    def looked(self, time: int, *, found: bool) -> None:
        """Take in what a look found."""
        self.until = time + (1 if found else self.frames)
