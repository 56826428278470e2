"""Opens files below given folders and no others, whatever symbolic links there are."""

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from tracker_service.errors import MediaForbiddenError, MediaPathError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: a pipe put in the file's place must not keep us waiting for its writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class MediaRoots:
    """The folders whose files may be opened.

    Links are resolved first, then the result is opened name by name from the root without following links: a link that
    is put in place between the two steps makes the opening fail; it cannot lead outside.

    Args:
        roots: folders; links in them are resolved at every use, so a folder may be mounted later.
    """

    def __init__(self, roots: Iterable[Path]) -> None:
        self._roots = tuple(Path(root).absolute() for root in roots)

    def holds(self, path: Path) -> bool:
        """Tell whether ``path``, without looking at links, is below a root."""
        return any(path.is_relative_to(root) for root in self._roots)

    def resolve(self, path: Path) -> tuple[Path, Path]:
        """Return the root that ``path`` is in and the path itself, both without links.

        Raises:
            MediaForbiddenError: it leads out of all roots, whether something is there or not.
        """
        real = Path(os.path.realpath(path))
        for root in self._roots:
            real_root = Path(os.path.realpath(root))
            if real.is_relative_to(real_root):
                return real_root, real
        raise MediaForbiddenError("video path: expected a file in a folder that this service may read")

    def regular_file(self, path: Path) -> tuple[Path, int]:
        """Open the regular file at ``path``; returns its path without links, and the descriptor.

        Raises:
            MediaForbiddenError: it leads out of all roots.
            FileNotFoundError: nothing is there.
            PermissionError: it may not be read.
            MediaPathError: there is something else than a regular file.
        """
        root, real = self.resolve(path)
        opened = _open_below(root, real.relative_to(root).parts)
        # The path is what the job opens later, so it must be that of the file which has just been checked.
        with suppress(OSError):
            if os.path.samestat(os.fstat(opened), real.lstat()):
                return real, opened
        os.close(opened)
        raise FileNotFoundError(errno.ENOENT, "changed while it was opened")


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file; raises `FileNotFoundError` where there is none, or a link, folder, device or pipe."""
    try:
        opened = os.open(path, _FILE)
    except OSError as error:
        raise FileNotFoundError(errno.ENOENT, "no regular file") from error
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise FileNotFoundError(errno.ENOENT, "no regular file")
    return os.fdopen(opened, "rb")


def _open_below(root: Path, names: tuple[str, ...]) -> int:
    if not names:
        raise MediaPathError("video path: expected a file, got a folder")
    folder = os.open(root, _FOLDER)
    try:
        for name in names[:-1]:
            inner = os.open(name, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        # Asked before it is opened, because opening a device may start it.
        _check_regular(os.stat(names[-1], dir_fd=folder, follow_symlinks=False))
        opened = os.open(names[-1], _FILE, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        _check_regular(os.fstat(opened))
    except BaseException:
        os.close(opened)
        raise
    return opened


def _check_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise MediaPathError("video path: expected a file, got a folder")
    if not stat.S_ISREG(status.st_mode):
        raise MediaPathError("video path: expected a regular file, got a device, pipe or link")
