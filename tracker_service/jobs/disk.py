"""Room on the disk."""

import errno
import shutil
from pathlib import Path

from tracker_service.errors import DiskFullError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def free_bytes(path: Path) -> int:
    """Return the bytes that may still be written to the file system of ``path``."""
    return shutil.disk_usage(path).free


def used_bytes(folder: Path) -> int:
    """Return the bytes that the files of a folder take on the disk; files that vanish meanwhile count nothing."""
    total = 0
    for file in folder.rglob("*"):
        try:
            status = file.lstat()
        except OSError:
            continue
        total += status.st_blocks * 512
    return total


def is_full(error: BaseException | None) -> bool:
    """Tell whether an error, or what caused it, is a full disk or an exhausted quota."""
    while error is not None:
        if isinstance(error, DiskFullError) or (isinstance(error, OSError) and error.errno in _FULL):
            return True
        error = error.__cause__ or error.__context__
    return False
