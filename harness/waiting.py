"""Wait for what another process or thread does in its own time."""

import time
from collections.abc import Callable
from typing import TypeVar

LONGEST = 240.0
"""Seconds until a test gives up: only a defect takes that long, on however slow a machine."""

Found = TypeVar("Found")


def until(condition: Callable[[], Found | None], seconds: float = LONGEST) -> Found:
    """Return what ``condition`` returns as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"expected {condition} within {seconds:g} s"
        time.sleep(0.02)
    return found
