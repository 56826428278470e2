"""What a store does beside computing: it recovers jobs that nobody computes, and removes old files."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from tracker_service.jobs.folder import JobFolder
from tracker_service.jobs.queue.database import EARLIER_VERSIONS, FINAL, QueueDatabase, WorkflowStatus
from tracker_service.jobs.queue.earlier_version import adopt, being_adopted
from tracker_service.jobs.queue.liveness import Liveness
from tracker_service.jobs.queue.queue_watch import QueueWatch
from tracker_service.jobs.queue.retention import FinishedJob, SteadyClock, expired, remove, remove_orphans
from tracker_service.jobs.queue.runner import JobRunner
from tracker_service.jobs.queue.store_parameters import Retention

_ROUNDS_BETWEEN_REMOVALS = 60
_logger = logging.getLogger(__name__)


class Maintenance:
    """A thread that recovers jobs every ``seconds`` and removes old files now and then; errors are tried again.

    Args:
        database: the queue.
        runner: the runs of this service.
        liveness: which services are alive.
        folder: of the store.
        retention: how long finished jobs are kept.
        watch: whether the queue can be used; nothing is done while it cannot.
        seconds: between two rounds.
    """

    def __init__(
        self,
        database: QueueDatabase,
        runner: JobRunner,
        liveness: Liveness,
        folder: Path,
        retention: Retention,
        watch: QueueWatch,
        seconds: float,
    ) -> None:
        self._database, self._runner, self._liveness = database, runner, liveness
        self._jobs, self._uploads = folder / "jobs", folder / "uploads"
        self._retention, self._watch, self._seconds = retention, watch, seconds
        self._clock = SteadyClock()
        self._lost: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="job-maintenance", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def recover(self) -> None:
        """Interrupt what this service should not compute, and queue again what nobody computes."""
        if not self._liveness.confirm():
            # Others may have taken this service for dead and may be computing its jobs.
            for job_id in self._runner.running():
                self._runner.interrupt(job_id)
        pending = self._database.workflows("PENDING")
        own = {entry.workflow_id for entry in pending if entry.executor_id == self._database.executor_id}
        running = set(self._runner.running())
        for job_id in running - own:
            self._runner.interrupt(job_id)
        # Seen twice, because a run begins a moment after its job is marked as running and ends a moment before.
        lost = frozenset(own - running)
        for job_id in lost & self._lost:
            self._database.requeue(job_id)
        self._lost = lost - self._lost
        for executor_id in {entry.executor_id for entry in pending} - {self._database.executor_id, None}:
            self._recover_service(str(executor_id), pending)
        self._adopt_earlier()

    def remove_old(self) -> None:
        """Remove what is kept no longer."""
        now = self._clock.now()
        if now is None:
            _logger.warning("the clock has jumped: old jobs are removed later")
            return
        finished = [
            FinishedJob(entry.workflow_id, self._jobs / entry.workflow_id, entry.completed_at / 1000)
            for entry in self._database.workflows(*FINAL)
            if entry.completed_at  # an age that is not known removes nothing
        ]
        for job in expired(finished, self._retention, now):
            _logger.info("removing job %s", job.job_id)
            JobFolder(job.folder).mark_deleted()
            self._database.delete(job.job_id)
            remove(job.folder)
        known = {entry.workflow_id for entry in self._database.workflows()}
        # A queue that was emptied or exchanged forgets jobs; their results stay.
        remove_orphans(self._jobs, lambda name: name in known or JobFolder(self._jobs / name).is_a_job, now)
        remove_orphans(self._uploads, lambda _: False, now)

    def _recover_service(self, executor_id: str, pending: list[WorkflowStatus]) -> None:
        if not self._liveness.claim(executor_id):
            return
        try:
            _logger.warning("service %s is dead: its jobs are taken over", executor_id)
            self._database.recover(executor_id)
            for entry in pending:
                if entry.executor_id == executor_id and entry.app_version in EARLIER_VERSIONS:
                    self._database.requeue(entry.workflow_id)
        finally:
            self._liveness.release(executor_id)

    def _adopt_earlier(self) -> None:
        for entry in self._database.workflows("ENQUEUED", "CANCELLED", versions=EARLIER_VERSIONS):
            folder = JobFolder(self._jobs / entry.workflow_id)
            if entry.status == "ENQUEUED" or being_adopted(folder, entry):
                adopt(folder, self._database)

    def _run(self) -> None:
        rounds = 0
        while not self._stop.wait(self._seconds):
            self._try(self._watch.look)
            if not self._watch.answers:
                continue
            self._try(self.recover)
            if rounds % _ROUNDS_BETWEEN_REMOVALS == 0:
                self._try(self.remove_old)
            rounds += 1

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # the next round tries again
            _logger.warning(
                "maintenance of jobs: %s", " ".join(str(error).split()), exc_info=_logger.isEnabledFor(logging.DEBUG)
            )
