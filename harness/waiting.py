"""Wait for what another process or thread does in its own time."""

import time
from collections.abc import Callable
from itertools import chain, repeat
from typing import TypeVar

LONGEST = 240.0
"""Seconds until a test gives up: only a defect takes that long, on however slow a machine."""

_PAUSES = (0.01, 0.02, 0.03, *(0.05,) * 20)
"""Seconds between two looks of the first second. Looking more often takes time from what is waited for."""

Found = TypeVar("Found")


def until(condition: Callable[[], Found | None], seconds: float = LONGEST, *, pause: float = 0.1) -> Found:
    """Return what ``condition`` returns as soon as that is true.

    Args:
        condition: what is looked at.
        seconds: until a test gives up.
        pause: seconds between two looks after the first second. Raising it takes less time from what is waited for,
            which must last once it is true.
    """
    deadline = time.monotonic() + seconds
    pauses = chain(_PAUSES, repeat(pause))
    while not (found := condition()):
        assert time.monotonic() < deadline, f"expected {condition} within {seconds:g} s"
        time.sleep(next(pauses))
    return found
