"""One run at a time writes into a folder of results."""

import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tracker_service.errors import ResultsError

LOCK = "run.lock"
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
_logger = logging.getLogger(__name__)


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold the folder for one run; it is made when missing, and removed again where it stays empty.

    The kernel holds the lock for as long as the process lives, so a killed run holds up nobody. Where the file system
    knows no locks the run goes on with a logged warning.

    Raises:
        ResultsError: another run is writing into the folder, or it cannot be written.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _locked_file(folder / LOCK)
    except OSError as error:
        raise ResultsError(f"{folder}: expected a folder that can be written, got {error.strerror or error}") from error
    try:
        yield
    finally:
        # Removed while it is still locked: whoever opened it meanwhile sees that it is no longer the folder's.
        with suppress(OSError):
            (folder / LOCK).unlink()
        os.close(file)
        for path in missing:
            with suppress(OSError):
                path.rmdir()


def _locked_file(path: Path) -> int:
    """Return the descriptor of the locked file that has this name now."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(file, path)
            if _is_named(file, path):
                os.ftruncate(file, 0)
                os.pwrite(file, b"%d\n" % os.getpid(), 0)
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _lock(file: int, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(file, 20, 0).decode("ascii", "replace").strip()
        raise ResultsError(
            f"{path.parent}: expected a folder of its own for this run, got one into which another run"
            f"{f' (process {owner})' if owner else ''} is writing"
        ) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        _logger.warning("%s cannot be locked (%s): let no second run write into it", path.parent, error.strerror)


def _is_named(file: int, path: Path) -> bool:
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(file), named)
