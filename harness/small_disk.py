"""A disk that is soon full."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MIB = 24


class NotPossibleHereError(Exception):
    """The fault cannot be made on this machine; the message says why."""


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a tmpfs of 24 MiB on ``folder``, which is made.

    Raises:
        NotPossibleHereError: without the rights of root.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        raise NotPossibleHereError("mounting a small tmpfs needs the rights of root")
    options = f"size={_MIB}m"
    if subprocess.run([mount, "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True).returncode:
        raise NotPossibleHereError("a small tmpfs cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, leave: int) -> Path:
    """Write a file that leaves ``leave`` bytes of room; returns it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"\0" * 65536)
        except OSError:
            pass
        stream.truncate(max(stream.seek(0, 2) - leave, 0))
    return ballast
