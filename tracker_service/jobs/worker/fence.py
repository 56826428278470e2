"""One worker a job: a lock that ends with its process, and a number that later workers raise."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from tracker_service.errors import JobError

_DIGITS, _MOST = 20, 10**19
"""A longer or higher number is nothing that an owner has written."""


class JobLockedError(JobError):
    """Another worker is working on the job, or has taken it over."""


class Fence:
    """The right to commit results of a job; a context manager.

    The kernel holds the lock for as long as the worker lives, so no clock is involved: a worker that hangs keeps the
    next one out until it is killed. Where the folder is on a network file system a lock can be lost with the
    connection; then the number in the file, which every new owner raises, tells a stale worker that its time is over.

    Args:
        path: file of the lock; made when missing, its folder must exist.

    Attributes:
        token: this owner's number; higher than that of every earlier owner.

    Raises:
        JobLockedError: another worker has the lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.token = _number(os.pread(self._file, 64, 0)) + 1
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, b"%020d\n" % self.token, 0)
            os.fsync(self._file)
        except BlockingIOError as error:
            os.close(self._file)
            raise JobLockedError("job: expected to be its only worker, got another one at work") from error
        except BaseException:
            os.close(self._file)
            raise

    def check(self) -> None:
        """Make sure that nobody has taken the job over, and that it was not deleted.

        Raises:
            JobLockedError: somebody has, or it was.
        """
        try:
            current = _number(self._path.read_bytes())
        except FileNotFoundError as error:
            raise JobLockedError("job: expected to find its folder, got none: it was deleted") from error
        if current != self.token:
            raise JobLockedError(f"job: expected to be owner {self.token}, got owner {current}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)


def _number(content: bytes) -> int:
    """Return the number in the file; 0 for anything else, so that the next owner mends it."""
    digits = content.strip()
    return int(digits) if digits.isdigit() and len(digits) <= _DIGITS and int(digits) < _MOST else 0
