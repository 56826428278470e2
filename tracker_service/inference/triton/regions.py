"""Files in ``/dev/shm`` that client and server both map.

Each file is locked by the process that made it for as long as that process lives, so that other processes recognise
files left by a crash, also in containers that share ``/dev/shm`` but not process ids.
"""

import fcntl
import mmap
import os
import secrets
from contextlib import suppress
from pathlib import Path

import numpy as np

from tracker_service.inference.client import Tensor

FOLDER = Path("/dev/shm")  # noqa: S108 - POSIX shared memory on Linux, where the server opens the same name
PREFIX = "phalp-triton-"


class Region:
    """A piece of shared memory, created and locked by this process.

    Args:
        size: bytes.

    Raises:
        OSError: there is no such folder on this system, or no room left in it.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.registered = False
        """Whether the server has mapped it."""
        self.name, self._file = _create()
        try:
            # Reserves the pages now: writing to a page for which there is no room left would end the process.
            os.posix_fallocate(self._file, 0, size)
            self._map = mmap.mmap(self._file, size)
        except OSError:
            self.remove()
            os.close(self._file)
            raise

    def write(self, offset: int, value: Tensor) -> None:
        """Copy ``value`` to ``offset``."""
        np.copyto(np.ndarray(value.shape, value.dtype, self._map, offset), value)

    def read(self, offset: int, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> Tensor:
        """Return a copy of the array at ``offset``."""
        return np.ndarray(shape, dtype, self._map, offset).copy()

    def remove(self) -> None:
        """Take the name away; mappings stay valid until they are closed."""
        with suppress(FileNotFoundError):
            (FOLDER / self.name).unlink()

    def close(self) -> None:
        """Remove the name and this process's mapping."""
        self.remove()
        self._map.close()
        os.close(self._file)


def sweep() -> None:
    """Remove the files of processes that are gone."""
    for path in FOLDER.glob(f"{PREFIX}*"):
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:  # gone already, or another user's
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except OSError:  # its maker lives
            pass
        finally:
            os.close(file)


def exists(name: str) -> bool:
    """Return whether a region of this name is on this host."""
    return (FOLDER / name).exists()


def _create() -> tuple[str, int]:
    while True:
        name = PREFIX + secrets.token_hex(8)
        file = os.open(FOLDER / name, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file).st_nlink:
                return name, file
        except OSError:
            pass
        # Another process's sweep came between creating and locking.
        os.close(file)
