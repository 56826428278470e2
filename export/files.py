"""Files and folders that are whole or absent: written beside their place as a draft, then put there in one step."""

import ctypes
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_EXCHANGE = 2
"""Linux's RENAME_EXCHANGE."""
_HERE = -100
"""AT_FDCWD: paths count from the working directory."""


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file to write; it appears as ``path`` only if the block ends without an error."""
    draft = _draft_beside(path)
    try:
        with draft.open("xb") as file:
            yield file
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    draft.replace(path)


@contextmanager
def folder_written_whole(path: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; it replaces ``path`` only if the block ends without an error.

    Old and new change places in one step, so that whoever looks finds one of them, also after a crash. (Where the
    system cannot do that, there is a moment with neither.)
    """
    draft = _draft_beside(path)
    draft.mkdir()
    try:
        yield draft
        if not path.exists():
            draft.rename(path)
        elif not _exchanged(draft, path):
            old = _draft_beside(path)
            path.rename(old)
            draft.rename(path)
            draft = old
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def is_web_page(path: Path) -> bool:
    """Tell whether a file is HTML: what comes instead of a model from behind a login."""
    with path.open("rb") as file:
        return file.read(256).lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html"))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _draft_beside(path: Path) -> Path:
    """Return a free name beside ``path``, after removing the drafts of processes that were killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{path.name}.draft-"
    for draft in path.parent.glob(f"{prefix}*"):
        if not _is_running(draft.name.removeprefix(prefix).partition("-")[0]):
            shutil.rmtree(draft) if draft.is_dir() else draft.unlink()
    return path.with_name(f"{prefix}{os.getpid()}-{secrets.token_hex(4)}")


def _is_running(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):
        return True
    return True


def _exchanged(first: Path, second: Path) -> bool:
    """Let two folders change places in one step; False where the system or the file system cannot do that."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    return bool(rename(_HERE, os.fsencode(first), _HERE, os.fsencode(second), _EXCHANGE) == 0)
