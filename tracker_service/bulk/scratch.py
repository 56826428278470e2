"""A worker's temporary folder: its own while it lives; that of a killed one is removed by the next on the node."""

import fcntl
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tracker_service.bulk.storage import remove_folder
from tracker_service.errors import ResultsError
from tracker_service.results.folder_lock import locked_folder

PREFIX = "phalp-triton-bulk-"


@contextmanager
def scratch_folder(root: Path | None) -> Iterator[Path]:
    """Yield a new folder in ``root`` (None: the system's temporary folder); it is gone afterwards.

    Folders of workers that were killed are removed first: the kernel has given up their locks.

    Raises:
        ResultsError: the folder cannot be made.
    """
    home = root or Path(tempfile.gettempdir())
    with ExitStack() as stack:
        with _one_at_a_time(home):
            _remove_abandoned(home)
            folder = home / f"{PREFIX}{uuid.uuid4().hex[:12]}"
            stack.enter_context(locked_folder(folder))
        stack.callback(remove_folder, folder)  # before the lock is given up
        yield folder


def remove_abandoned(root: Path | None) -> None:
    """Remove the folders that killed workers have left in ``root``."""
    home = root or Path(tempfile.gettempdir())
    with _one_at_a_time(home):
        _remove_abandoned(home)


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files in a folder and below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _remove_abandoned(home: Path) -> None:
    for folder in home.glob(f"{PREFIX}*/"):
        try:
            with locked_folder(folder):
                remove_folder(folder)
        except ResultsError:  # its worker lives
            continue


@contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    """Keep others from taking a folder for abandoned that is not locked yet."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        file = os.open(home / f"{PREFIX.rstrip('-')}.lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise ResultsError(f"{home}: expected a folder that can be written, got {error.strerror or error}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
