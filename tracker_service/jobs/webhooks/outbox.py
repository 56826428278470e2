"""The jobs whose ends are still to be told: one small file each, on the disk of the jobs.

A file is written before its job is queued and removed when a receiver has accepted the message. So no crash loses a
message; one between the two is followed by a second delivery of the same message.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from tracker_service.jobs.chunks.chunk import sync_folder
from tracker_service.results.partial_file import write_whole


@dataclass(frozen=True, slots=True)
class Attempts:
    """What has been tried.

    Attributes:
        failed: tries that failed.
        next_at: unix seconds of the next one.
    """

    failed: int = 0
    next_at: float = 0.0


class Outbox:
    """The files.

    Args:
        folder: holds them; made when missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, job_id: str) -> None:
        """Note that the end of a job is to be told; nothing changes where it is noted already."""
        path = self._path(job_id)
        if not path.exists():
            write_whole(path, orjson.dumps(asdict(Attempts())))
            sync_folder(self._folder)

    def discard(self, job_id: str) -> None:
        """Forget a job."""
        self._path(job_id).unlink(missing_ok=True)

    def waiting(self) -> dict[str, float]:
        """Return the ids of all jobs that are noted, each with the time of the last change of its file."""
        found: dict[str, float] = {}
        for path in self._folder.glob("*.json"):
            with suppress(FileNotFoundError):
                found[path.stem] = path.stat().st_mtime
        return found

    @contextmanager
    def take(self, job_id: str) -> Iterator["OutboxEntry | None"]:
        """Take a job for one try; None where another service has it now, or it is no longer there."""
        try:
            file = os.open(self._path(job_id), os.O_RDWR)
        except FileNotFoundError:
            yield None
            return
        try:
            yield OutboxEntry(file, self._path(job_id)) if self._is_ours(file, job_id) else None
        finally:
            os.close(file)

    def _is_ours(self, file: int, job_id: str) -> bool:
        """Lock the file; tell whether no other service has it, and it is still that of the job."""
        with suppress(BlockingIOError, FileNotFoundError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return os.path.samestat(os.fstat(file), self._path(job_id).stat())
        return False

    def _path(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.json"


class OutboxEntry:
    """A job that is noted; its file is locked."""

    def __init__(self, file: int, path: Path) -> None:
        self._file, self._path = file, path

    def attempts(self) -> Attempts:
        """Return what has been tried; a file that a crash has cut off counts as nothing."""
        try:
            return Attempts(**orjson.loads(os.pread(self._file, os.fstat(self._file).st_size, 0)))
        except (orjson.JSONDecodeError, TypeError):
            return Attempts()

    def postpone(self, attempts: Attempts) -> None:
        """Write down a failed try."""
        content = orjson.dumps(asdict(attempts))
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, content, 0)
        os.fsync(self._file)

    def remove(self) -> None:
        """The message has been accepted, or is given up."""
        self._path.unlink(missing_ok=True)
