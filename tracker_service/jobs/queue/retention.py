"""What is removed when: finished jobs by age and size, uploads and folders that belong to nobody."""

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tracker_service.jobs.disk import used_bytes
from tracker_service.jobs.queue.store_parameters import Retention

ORPHAN_SECONDS = 86400.0
"""Age at which an upload that was never submitted, or a folder without a job, is removed."""
_CLOCK_JUMP = 60.0
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FinishedJob:
    """A finished job.

    Attributes:
        job_id: its id.
        folder: its files.
        completed_at: unix seconds.
    """

    job_id: str
    folder: Path
    completed_at: float


def expired(jobs: Sequence[FinishedJob], retention: Retention, now: float) -> list[FinishedJob]:
    """Return the jobs to remove: the old ones, then the oldest of the others until the rest takes little enough room.

    Args:
        jobs: all finished jobs.
        retention: how long they are kept.
        now: unix seconds.
    """
    old = [job for job in jobs if now - job.completed_at > retention.retention_seconds]
    if retention.retention_bytes is None:
        return old
    kept = sorted((job for job in jobs if job not in old), key=lambda job: job.completed_at)
    sizes = [used_bytes(job.folder) for job in kept]
    while kept and sum(sizes) > retention.retention_bytes:
        old.append(kept.pop(0))
        sizes.pop(0)
    return old


class SteadyClock:
    """Notices jumps of the wall clock, by which ages are counted: right after one nothing should be removed."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._steady = wall, steady
        self._offset = wall() - steady()

    def now(self) -> float | None:
        """Return unix seconds; None where the clock has jumped since the last call."""
        offset = self._wall() - self._steady()
        jumped = abs(offset - self._offset) > _CLOCK_JUMP
        self._offset = offset
        return None if jumped else self._wall()


def remove_orphans(folder: Path, known: Callable[[str], bool], now: float) -> None:
    """Remove old entries of a folder that belong to nobody.

    Args:
        folder: of uploads or of jobs.
        known: tells whether an entry's name belongs to somebody.
        now: unix seconds.
    """
    for entry in folder.iterdir():
        if now - entry.stat().st_mtime > ORPHAN_SECONDS and not known(entry.name):
            _logger.info("removing %s, which belongs to no job", entry.name)
            remove(entry)


def remove(path: Path) -> None:
    """Remove a file or a folder; what is gone already is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
