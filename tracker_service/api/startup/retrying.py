"""Steps that are tried until they succeed."""

import threading
from collections.abc import Callable

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0


def until_it_works(step: Callable[[], None], stop: threading.Event, failed: Callable[[Exception], None]) -> bool:
    """Repeat ``step`` with growing pauses until it raises nothing; returns False when ``stop`` came first.

    Args:
        step: what is to be done.
        stop: ends the repeating.
        failed: is told every error. Whatever it is, the service stays up, says what it lacks, and tries again.
    """
    pause = _FIRST_PAUSE
    while not stop.is_set():
        try:
            step()
        except Exception as error:
            failed(error)
        else:
            return True
        stop.wait(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    return False
