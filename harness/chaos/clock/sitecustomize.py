"""A wall clock that can be set: every Python process that finds this file on PYTHONPATH adds the seconds in a file.

The monotonic clock stays as it is, as with a real clock that is set.
"""

import os
import time
from pathlib import Path

_OFFSET = Path(os.environ["CHAOS_CLOCK"])
_time, _time_ns = time.time, time.time_ns


def _offset() -> float:
    return float(_OFFSET.read_text() or 0)


time.time = lambda: _time() + _offset()
time.time_ns = lambda: _time_ns() + int(_offset() * 1e9)
