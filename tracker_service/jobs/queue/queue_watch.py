"""Whether the queue of a running service can still be used; told once, to clients and to the log."""

import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path

from tracker_service.errors import JobError, QueueUnusableError
from tracker_service.jobs.folder import JobFolder
from tracker_service.jobs.queue.database import SQLITE_VERSION, QueueDatabase
from tracker_service.jobs.queue.queue_file import check_queue_file, unusable

_logger = logging.getLogger(__name__)


class QueueWatch:
    """Looks at the queue now and then.

    Args:
        database: the queue.
        file: it is in, None for PostgreSQL.
        check_tables: raises `QueueUnusableError` for a PostgreSQL database whose tables cannot be used.
        jobs: folder of the jobs.

    Attributes:
        problem: what is wrong, None while nothing is.
        usable: whether it can be used; a database that is only away can, once it is back.
        answers: whether it did the last time.
        forgotten: folders of jobs of which an empty queue knows nothing.
    """

    def __init__(
        self, database: QueueDatabase, file: Path | None, check_tables: Callable[[], None], jobs: Path
    ) -> None:
        self._database, self._file, self._check_tables, self._jobs = database, file, check_tables, jobs
        self._inode = None if file is None else file.stat().st_ino
        self._checked: os.stat_result | None = None
        self._damage: QueueUnusableError | None = None
        self.problem: str | None = None
        self.usable = self.answers = True
        self.forgotten = self._count_forgotten()
        self._tell(_forgotten(self.forgotten))

    def look(self) -> None:
        """Look at it; what is wrong is logged when it changes."""
        try:
            if self._file is not None:
                self._check_file(self._file)
            forgotten = self._asked()
            _check_writable(self._jobs)
        except QueueUnusableError as error:
            self.usable = self.answers = False
            self._tell(str(error))
            return
        except OSError as error:
            self._tell(f"job folder: expected one that can be written, got one that cannot ({error.strerror})")
            return
        self.usable, self.answers = True, forgotten is not None
        if forgotten is None:
            self._tell("queue: expected an answer of the jobs' database, got none")
            return
        # Seen twice: the folder of a job is there a moment before its place in the queue.
        before, self.forgotten = self.forgotten, forgotten
        self._tell(_forgotten(min(before, forgotten)))

    def _asked(self) -> int | None:
        """Return what `_count_forgotten` does, None where the database is away; raises for tables of no use."""
        try:
            return self._count_forgotten()
        except QueueUnusableError:
            try:
                self._check_tables()
            except QueueUnusableError:
                raise
            except JobError as error:
                _logger.debug("%s", error)
            return None

    def _check_file(self, file: Path) -> None:
        try:
            status = file.stat()
        except FileNotFoundError:
            raise unusable(file, "none: it was removed; the service must be started again") from None
        if status.st_ino != self._inode:
            raise unusable(file, "another file in its place; the service must be started again")
        if not status.st_size:
            raise unusable(file, "an empty file")
        if self._checked is None or not _same(self._checked, status):
            self._damage = _damage(file)
            self._checked = status
        if self._damage is not None:
            raise self._damage

    def _count_forgotten(self) -> int:
        if self._database.workflows(limit=1):
            return 0
        return sum(JobFolder(path).is_a_job for path in self._jobs.iterdir())

    def _tell(self, problem: str | None) -> None:
        if problem != self.problem:
            if problem is None:
                _logger.warning("the queue of video jobs can be used again")
            else:
                _logger.error("%s", problem)
        self.problem = problem


def _damage(file: Path) -> QueueUnusableError | None:
    try:
        check_queue_file(file, SQLITE_VERSION)
    except QueueUnusableError as error:
        return error
    return None


def _check_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "read-only")


def _same(before: os.stat_result, now: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) == (now.st_size, now.st_mtime_ns)


def _forgotten(jobs: int) -> str | None:
    if not jobs:
        return None
    return f"queue: expected the {jobs} jobs whose files are in the jobs' folder, got an empty one; the files are kept"
