"""Whether a client may queue one more job, and which turn it gets."""

from collections.abc import Callable
from pathlib import Path

from tracker_service.errors import JobNotFoundError, JobQuotaError, QueueFullError
from tracker_service.jobs.disk import used_bytes
from tracker_service.jobs.job import JobRequest
from tracker_service.jobs.queue.database import QueueDatabase, WorkflowStatus
from tracker_service.jobs.queue.fair_order import UnfinishedJob, by_priority, next_rank
from tracker_service.jobs.queue.store_parameters import QueueLimits

UNFINISHED = ("ENQUEUED", "DELAYED", "PENDING")
_RUNNING = "PENDING"


class JobAdmission:
    """Gives the jobs of a store their ranks.

    Args:
        database: the queue.
        folder: holds the folders of the jobs.
        limits: who may queue how much.
        request_of: returns the request of a job; raises `JobNotFoundError` where it cannot be read.
    """

    def __init__(
        self, database: QueueDatabase, folder: Path, limits: QueueLimits, request_of: Callable[[str], JobRequest]
    ) -> None:
        self._database, self._folder, self._limits, self._request_of = database, folder, limits, request_of

    def check_disk(self, client: str) -> None:
        """Raise `JobQuotaError` where the jobs of a client use as much disk as they may."""
        if (most := self._limits.client_bytes) is None:
            return
        used = sum(used_bytes(self._folder / entry.workflow_id) for entry in self._database.workflows(client=client))
        if used >= most:
            raise JobQuotaError(f"quota: expected jobs of less than {most >> 20} MiB, got {used >> 20} MiB")

    def check_jobs(self, client: str) -> None:
        """Raise `JobQuotaError` where a client has as many jobs as it may."""
        self._check_share(client, _unfinished(self._database.workflows(*UNFINISHED)))

    def rank(self, request: JobRequest) -> int:
        """Return the rank of a job to queue; those of the client's waiting jobs change where it goes before them.

        Raises:
            QueueFullError: too many jobs wait; `JobQuotaError` where only this client has too many.
        """
        entries = self._database.workflows(*UNFINISHED)
        jobs = _unfinished(entries)
        self._check(request.client, jobs)
        waiting = [entry for entry in entries if _client_of(entry) == request.client and entry.status != _RUNNING]
        priorities = [self._priority(entry.workflow_id) for entry in waiting]
        ranks = [*map(_rank_of, waiting), next_rank(request.client, jobs)]
        *others, own = by_priority(ranks, [*priorities, request.priority])
        changed = {
            entry.workflow_id: rank for entry, rank in zip(waiting, others, strict=True) if rank != _rank_of(entry)
        }
        self._database.change_ranks(changed)
        return own

    def _check(self, client: str, jobs: list[UnfinishedJob]) -> None:
        limits, waiting = self._limits, sum(job.waiting for job in jobs)
        if waiting >= limits.queue_length:
            raise QueueFullError(f"queue: expected fewer than {limits.queue_length} waiting jobs, got {waiting}")
        self._check_share(client, jobs)

    def _check_share(self, client: str, jobs: list[UnfinishedJob]) -> None:
        limits, waiting = self._limits, sum(job.waiting for job in jobs)
        if (unfinished := sum(job.client == client for job in jobs)) >= limits.client_jobs:
            raise JobQuotaError(f"quota: expected fewer than {limits.client_jobs} unfinished jobs, got {unfinished}")
        own, left = sum(job.waiting and job.client == client for job in jobs), limits.queue_length - waiting
        if own and own >= left:
            raise JobQuotaError(f"quota: expected fewer waiting jobs than there is room for, {left}, got {own}")

    def _priority(self, job_id: str) -> int:
        try:
            return self._request_of(job_id).priority
        except JobNotFoundError:  # a job whose folder is gone fails when its turn comes
            return 0


def _unfinished(entries: list[WorkflowStatus]) -> list[UnfinishedJob]:
    return [UnfinishedJob(_rank_of(entry), _client_of(entry), entry.status != _RUNNING) for entry in entries]


def _rank_of(entry: WorkflowStatus) -> int:
    return entry.priority or 0


def _client_of(entry: WorkflowStatus) -> str:
    return entry.authenticated_user or ""
