"""The service keeps freed memory, unless its user has other plans for it."""

import os
import platform
import subprocess
import sys

import pytest

_FRAMES, _FRAME_BYTES, _PAGE_BYTES = 50, 6 << 20, 4096
_PROGRAM = f"""
import resource
from tracker_service.process.memory import keep_freed_memory
print(keep_freed_memory())
frame = b"x" * {_FRAME_BYTES}
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({_FRAMES}):
    del frame
    frame = b"x" * {_FRAME_BYTES}
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def run(**environment: str) -> tuple[bool, int]:
    """Return what the function answered, and the pages that the kernel had to provide for the frames after it."""
    calm = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    command = [sys.executable, "-c", _PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env={**calm, **environment})
    told, pages = done.stdout.split()
    return told == "True", int(pages)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="asks the GNU C library")
def test_the_memory_of_a_frame_serves_the_next_one() -> None:
    told, pages = run()
    assert told
    assert pages < _FRAME_BYTES / _PAGE_BYTES, "fewer pages for all frames than one frame has"


@pytest.mark.parametrize("name", ["MALLOC_MMAP_THRESHOLD_", "MALLOC_ARENA_MAX"])
def test_what_the_environment_says_stays(name: str) -> None:
    told, _ = run(**{name: "65536"})
    assert not told
