"""Lets the process keep freed memory for the next frame.

A 1080p frame takes 6 MB, and so do its copies. By default the C library asks the kernel for such a block at every frame
and returns it at once, and the kernel clears each page again. In a virtual machine that costs more than the decoding:
10 of the 18 ms for a JPEG, and 1.5 ms more to return the memory.
"""

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_LARGEST_REUSED = 64 << 20
"""Bytes. Raising it reuses the memory of larger images, and fragments what the process holds."""
_MOST_KEPT = 256 << 20
"""Bytes at the end of an arena that are not given back. Raising it keeps more after a peak."""
_ARENAS = 2
"""Raising it lets threads allocate with less waiting; each arena keeps freed memory of its own."""


def keep_freed_memory() -> bool:
    """Tell the GNU C library to reuse large blocks; to be called before threads are started.

    What the user has set in the environment (``MALLOC_...``, ``GLIBC_TUNABLES``) stays.

    Returns:
        Whether the settings were made: False with another C library, or where the user has made them.
    """
    if not sys.platform.startswith("linux") or any(
        name == "GLIBC_TUNABLES" or name.startswith("MALLOC_") for name in os.environ
    ):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    accepted = [
        mallopt(_MMAP_THRESHOLD, _LARGEST_REUSED),
        mallopt(_TRIM_THRESHOLD, _MOST_KEPT),
        mallopt(_ARENA_MAX, _ARENAS),
    ]
    return all(accepted)
