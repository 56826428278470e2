"""Lets the process keep freed memory for the next frame.

A frame of 1080p is 6 MB, and so is what is made of it. The C library fetches that much from the kernel anew for every
frame and gives it back at once; the kernel clears each page again. In virtual machines that is dearer than the decoding
itself: of 18 ms for a JPEG 10 went there, and another 1.5 ms when its memory was given back.
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
"""Raising it lets threads wait for each other less when they ask for memory; each arena keeps its own freed memory."""


def keep_freed_memory() -> bool:
    """Tell the GNU C library to reuse large blocks; to be called before threads are started.

    What the user has set in the environment (``MALLOC_...``, ``GLIBC_TUNABLES``) stays.

    Returns:
        Whether it was told: False where there is another C library, or the user has set it.
    """
    if not sys.platform.startswith("linux") or any(
        name == "GLIBC_TUNABLES" or name.startswith("MALLOC_") for name in os.environ
    ):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    told = [
        mallopt(_MMAP_THRESHOLD, _LARGEST_REUSED),
        mallopt(_TRIM_THRESHOLD, _MOST_KEPT),
        mallopt(_ARENA_MAX, _ARENAS),
    ]
    return all(told)
