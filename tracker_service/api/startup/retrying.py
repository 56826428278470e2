"""Retries with exponential backoff."""

import threading
from collections.abc import Callable

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0


def retry_until_success(step: Callable[[], None], stop: threading.Event, failed: Callable[[Exception], None]) -> bool:
    """Repeat ``step`` with growing pauses until it raises nothing; returns False when ``stop`` came first.

    Args:
        step: what to do.
        stop: ends the retries.
        failed: called with every error. Whatever it is, the service stays up, reports it, and tries again.
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
