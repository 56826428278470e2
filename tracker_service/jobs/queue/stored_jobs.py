"""The jobs of a queue as they are: what its database, their folders and the service that computes them say together."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from tracker_service.errors import JobError, JobNotFoundError
from tracker_service.jobs.disk import free_bytes
from tracker_service.jobs.folder import JobDefinition, JobFolder, JobStatus
from tracker_service.jobs.job import Job, JobState, QueueCounts
from tracker_service.jobs.queue.database import EARLIER_VERSIONS, QueueDatabase, WorkflowStatus
from tracker_service.jobs.queue.earlier_version import being_adopted, read_definition
from tracker_service.jobs.queue.job_run import JobRun
from tracker_service.jobs.queue.store_parameters import StoreParameters

_STATES = {
    "ENQUEUED": JobState.QUEUED,
    "DELAYED": JobState.QUEUED,
    "PENDING": JobState.RUNNING,
    "SUCCESS": JobState.COMPLETED,
    "CANCELLED": JobState.CANCELLED,
    "ERROR": JobState.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": JobState.FAILED,
}
_logger = logging.getLogger(__name__)


class StoredJobs(NamedTuple):
    """Reads jobs and changes nothing.

    Attributes:
        database: the queue.
        parameters: where the folders are, and how much room results need.
        run_of: gives the run of a job that this service computes; None for others.
    """

    database: QueueDatabase
    parameters: StoreParameters
    run_of: Callable[[str], JobRun | None]

    def folder(self, job_id: str) -> JobFolder:
        """Return where a job's files are, whether it exists or not."""
        return JobFolder(self.parameters.folder.absolute() / "jobs" / job_id)

    def get(self, job_id: str) -> Job:
        """Return a job; raises `JobNotFoundError`."""
        entry = self.database.get(job_id)
        return self._job(entry, self._waiting() if entry.status == "ENQUEUED" else [])

    def newest(self, state: JobState | None, client: str | None, limit: int) -> list[Job]:
        """Return jobs, newest first; of every state and client where none is given."""
        wanted = JobState.RUNNING if state is JobState.PAUSED else state
        status = [name for name, meaning in _STATES.items() if meaning is wanted]
        # Which running jobs are paused is not in the database, so those states are cut to the limit here.
        most = None if wanted is JobState.RUNNING else limit
        found = self.database.workflows(*status, client=client, limit=most, newest_first=True, outcome=True)
        waiting = self._waiting() if any(entry.status == "ENQUEUED" for entry in found) else []
        jobs = []
        for entry in found:
            try:
                jobs.append(self._job(entry, waiting))
            except (JobError, TypeError, ValueError) as error:  # one spoilt row does not hide the others
                _logger.warning("job %s is left out: %s", entry.workflow_id, error)
        return [job for job in jobs if state is None or job.state is state][:limit]

    def counts(self) -> QueueCounts:
        """Return how many jobs are in each kind of state."""
        # Few are read: only their folders tell which of the running ones wait, and which are taken over.
        read = [
            self._state(entry)
            for entry in (
                *self.database.workflows("PENDING"),
                *self.database.workflows("CANCELLED", versions=EARLIER_VERSIONS),
            )
        ]
        paused, adopted = read.count(JobState.PAUSED), read.count(JobState.QUEUED)
        counts = Counter[JobState]()
        for status, number in self.database.counts().items():
            counts[_STATES.get(status, JobState.FAILED)] += number
        return QueueCounts(
            queued=counts[JobState.QUEUED] + adopted,
            running=max(0, counts[JobState.RUNNING] - paused),
            paused=paused,
            finished=sum(number for state, number in counts.items() if state.final) - adopted,
        )

    def definition(self, job_id: str) -> JobDefinition:
        """Return what was submitted; raises `JobNotFoundError` where the folder is gone."""
        try:
            return read_definition(self.folder(job_id), self.database)
        except JobError as error:
            raise JobNotFoundError(str(error)) from error

    def _waiting(self) -> list[str]:
        """Return the ids of the queued jobs, next first."""
        waiting = self.database.workflows("ENQUEUED")
        waiting.sort(key=lambda entry: (entry.priority or 0, entry.created_at or 0))
        return [entry.workflow_id for entry in waiting]

    def _status(self, job_id: str) -> JobStatus:
        run = self.run_of(job_id)
        if run is not None:
            return run.status
        status = self.folder(job_id).read_status()
        if status.paused is None and free_bytes(self.parameters.folder) < self.parameters.free_bytes:
            # Put back because the queue itself could not be written; taken up again when there is room.
            return replace(status, paused="no room for results")
        return status

    def _state(self, entry: WorkflowStatus) -> JobState:
        if entry.status == "CANCELLED" and being_adopted(self.folder(entry.workflow_id), entry):
            return JobState.QUEUED
        state = _STATES.get(entry.status, JobState.FAILED)
        paused = state is JobState.RUNNING and self._status(entry.workflow_id).paused is not None
        return JobState.PAUSED if paused else state

    def _job(self, entry: WorkflowStatus, waiting: list[str]) -> Job:
        job_id = entry.workflow_id
        status, state = self._status(job_id), self._state(entry)
        return Job(
            id=job_id,
            request=self.definition(job_id).request,
            state=state,
            folder=self.folder(job_id).path,
            queued_at=(entry.created_at or 0) / 1000,
            started_at=status.started_at,
            completed_at=_completed_at(entry, status) if state.final else None,
            frames_done=status.frames_done,
            frames_total=status.frames_total,
            queue_position=waiting.index(job_id) if job_id in waiting else 0,
            attempts=status.attempts,
            reason=None if state is JobState.QUEUED else _reason(entry, status),
        )


def _completed_at(entry: WorkflowStatus, status: JobStatus) -> float | None:
    if not entry.completed_at:
        return None
    # Before Python 3.12, DBOS lets SQLite count whole seconds, rounded down: a short job would end before it began.
    return max(entry.completed_at / 1000, status.started_at or 0.0, status.ended_at or 0.0)


def _reason(entry: WorkflowStatus, status: JobStatus) -> str | None:
    if entry.status == "CANCELLED":
        return "cancelled"
    if entry.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        return "the service died too often while it computed this job"
    if entry.status not in _STATES:
        return "the queue holds a state of this job that is not known"
    if entry.error is not None:
        return str(entry.error)
    return status.paused if entry.status == "PENDING" else None
