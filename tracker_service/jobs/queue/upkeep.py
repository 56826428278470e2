"""What a store does beside computing: it looks after its own runs, after dead services, and after old files."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from tracker_service.jobs.queue.database import FINAL, QueueDatabase
from tracker_service.jobs.queue.liveness import Liveness
from tracker_service.jobs.queue.retention import FinishedJob, SteadyClock, expired, remove, remove_strays
from tracker_service.jobs.queue.runner import JobRunner
from tracker_service.jobs.queue.store_parameters import Retention

_SWEEP_EVERY = 60
"""Looks between two removals of old files."""
_logger = logging.getLogger(__name__)


class Upkeep:
    """A thread that looks after a store every ``seconds``; an error of one look leaves the next to try again.

    Args:
        database: the queue.
        runner: the runs of this service.
        liveness: which services are alive.
        folder: of the store.
        retention: how long finished jobs are kept.
        seconds: between two looks.
    """

    def __init__(
        self,
        database: QueueDatabase,
        runner: JobRunner,
        liveness: Liveness,
        folder: Path,
        retention: Retention,
        seconds: float,
    ) -> None:
        self._database, self._runner, self._liveness = database, runner, liveness
        self._jobs, self._uploads, self._retention, self._seconds = (
            folder / "jobs",
            folder / "uploads",
            retention,
            seconds,
        )
        self._clock = SteadyClock()
        self._lost: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="job-upkeep", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def look(self) -> None:
        """Look after runs and services once."""
        if not self._liveness.confirm():
            # Others may have taken this service for dead and may be computing its jobs.
            for job_id in self._runner.running():
                self._runner.abandon(job_id)
        pending = self._database.outlines("PENDING")
        own = {entry.workflow_id for entry in pending if entry.executor_id == self._database.executor_id}
        running = set(self._runner.running())
        for job_id in running - own:
            self._runner.abandon(job_id)
        # Seen twice, because a run begins a moment after its job is marked as running and ends a moment before.
        lost = frozenset(own - running)
        for job_id in lost & self._lost:
            self._database.take_back(job_id)
        self._lost = lost - self._lost
        for executor_id in {entry.executor_id for entry in pending} - {self._database.executor_id, None}:
            self._recover(str(executor_id))

    def sweep(self) -> None:
        """Remove what is kept no longer."""
        now = self._clock.now()
        if now is None:
            _logger.warning("the clock has jumped: old jobs are removed later")
            return
        finished = [
            FinishedJob(entry.workflow_id, self._jobs / entry.workflow_id, (entry.completed_at or 0) / 1000)
            for entry in self._database.outlines(*FINAL)
        ]
        for job in expired(finished, self._retention, now):
            _logger.info("removing job %s", job.job_id)
            self._database.delete(job.job_id)
            remove(job.folder)
        known = {entry.workflow_id for entry in self._database.outlines()}
        remove_strays(self._jobs, known.__contains__, now)
        remove_strays(self._uploads, lambda _: False, now)

    def _recover(self, executor_id: str) -> None:
        if self._liveness.claim(executor_id):
            try:
                _logger.warning("service %s is dead: its jobs are taken over", executor_id)
                self._database.recover(executor_id)
            finally:
                self._liveness.release(executor_id)

    def _look_after(self) -> None:
        looks = 0
        while not self._stop.wait(self._seconds):
            self._try(self.look)
            if looks % _SWEEP_EVERY == 0:
                self._try(self.sweep)
            looks += 1

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # the next look tries again
            _logger.warning(
                "upkeep of jobs: %s", " ".join(str(error).split()), exc_info=_logger.isEnabledFor(logging.DEBUG)
            )
