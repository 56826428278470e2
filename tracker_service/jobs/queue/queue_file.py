"""Whether the SQLite file of the queue can be used: looked at before anything is written into it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tracker_service.errors import QueueUnusableError

_BUSY_SECONDS = 1.0
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def check_queue_file(path: Path, newest: int) -> None:
    """Read the file without changing it; one that is missing or empty is a new queue.

    Args:
        path: of the file.
        newest: highest version of its tables that can be used.

    Raises:
        QueueUnusableError: it is damaged, something else, or of a later version.
    """
    if path.is_dir():
        raise unusable(path, "a folder")
    if not path.exists() or not path.stat().st_size:
        return
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as queue:
            found = queue.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise unusable(path, f"a damaged one ({found})")
            tables = {name for (name,) in queue.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if tables and "dbos_migrations" not in tables:
                raise unusable(path, "a database of something else")
            version = queue.execute("SELECT max(version) FROM dbos_migrations").fetchone()[0] if tables else None
            if (version or 0) > newest:
                raise unusable(path, f"one of a later version ({version}; at most {newest} can be used)")
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) in _BUSY:
            return  # it is in use, which a queue may be
        raise unusable(path, f"one that cannot be read ({error})") from error


def keep_private(path: Path) -> None:
    """Make the file where it is missing, and let nobody else read it; SQLite gives its other files the same rights."""
    path.touch(mode=0o600)
    path.chmod(0o600)


def unusable(path: Path, found: str) -> QueueUnusableError:
    """Return what to raise for a file that is ``found`` to be something else than the queue."""
    return QueueUnusableError(
        f"{path.name}: expected the queue of video jobs, got {' '.join(found.split())}; put a copy of it back, or move"
        " it away to begin with an empty queue: results stay where they are"
    )
