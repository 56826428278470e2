"""The job store on DBOS: a video is a workflow, a chunk of its frames a step."""

import secrets
import shutil
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tracker_service.errors import DiskFullError, JobError, JobQuotaError, QueueFullError
from tracker_service.jobs.chunks.line_index import read_lines
from tracker_service.jobs.disk import free_bytes, used_bytes
from tracker_service.jobs.folder import JobFolder, JobSpecification, JobStatus, request_from_json, request_to_json
from tracker_service.jobs.identity import SourceIdentity
from tracker_service.jobs.job import Job, JobRequest, JobState, QueueCounts
from tracker_service.jobs.queue.database import QueueDatabase, WorkflowStatus
from tracker_service.jobs.queue.fair_order import Turn, next_turn
from tracker_service.jobs.queue.job_run import fresh_status
from tracker_service.jobs.queue.liveness import Liveness, OneOfSeveral, OneService
from tracker_service.jobs.queue.observer import JobObserver, NoObserver
from tracker_service.jobs.queue.retention import remove
from tracker_service.jobs.queue.runner import JobRunner
from tracker_service.jobs.queue.store_parameters import StoreParameters
from tracker_service.jobs.queue.upkeep import Upkeep
from tracker_service.video.source import open_source

_STATES = {
    "ENQUEUED": JobState.QUEUED,
    "DELAYED": JobState.QUEUED,
    "PENDING": JobState.RUNNING,
    "SUCCESS": JobState.COMPLETED,
    "CANCELLED": JobState.CANCELLED,
    "ERROR": JobState.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": JobState.FAILED,
}
_ALIVE = ("ENQUEUED", "DELAYED", "PENDING")
_one_per_process = threading.Lock()


class DbosJobStore:
    """Keeps jobs in a database, their files in a folder, and computes them in worker processes; see `JobStore`.

    Only one store can be started in a process at a time. No method may be called from a thread that runs an event
    loop. Every method but `start` needs a started store and raises `JobError` otherwise.

    Args:
        parameters: folder, database and limits.
        observer: is told what running jobs do.

    Attributes:
        uploads: where uploaded videos are written before they are submitted with ``delete_source``.
    """

    def __init__(self, parameters: StoreParameters, observer: JobObserver | None = None) -> None:
        self._parameters = parameters
        self._observer = observer or NoObserver()
        self._folder = parameters.folder.absolute()
        self._jobs = self._folder / "jobs"
        self.uploads = self._folder / "uploads"
        for folder in (self._jobs, self.uploads):
            folder.mkdir(parents=True, exist_ok=True)
        self._submitting = threading.Lock()
        self._opened = ExitStack()
        self._database_opened: QueueDatabase | None = None
        self._runner_opened: JobRunner | None = None
        self._drain_seconds = 0.0

    def start(self) -> None:
        """Take up work, jobs left over from an earlier process included; see `JobStore.start`.

        Raises:
            JobError: another store is started in this process, or another service uses the folder.
        """
        if not _one_per_process.acquire(blocking=False):
            raise JobError("job store: expected one started store a process, got a second one")
        with ExitStack() as opened:
            opened.callback(_one_per_process.release)
            self._open(opened)
            self._opened = opened.pop_all()

    def submit(self, request: JobRequest) -> Job:
        """Queue a job; see `JobStore.submit`.

        With ``delete_source`` the source is moved into the job's folder; it stays where it is when this raises.
        """
        database = self._database
        with open_source(request.source):
            pass
        if (room := free_bytes(self._folder)) < (wanted := self._parameters.run.free_bytes):
            raise DiskFullError(f"job: expected {wanted >> 20} MiB of free disk for results, got {room >> 20} MiB")
        with self._submitting:
            turn = self._turn(request)
            job_id = secrets.token_hex(16)
            folder = JobFolder(self._jobs / job_id)
            settings = self._parameters.tracking
            JobSpecification(SourceIdentity.of(request.source), self._chunk_frames(), settings).write(folder)
            if request.delete_source:
                request = replace(request, source=_move(request.source, folder.path / "source"))
            database.enqueue(job_id, turn, request.client, request_to_json(request))
        return self.get(job_id)

    def get(self, job_id: str) -> Job:
        """Return a job; see `JobStore.get`."""
        entry = self._database.get(job_id)
        return self._job(entry, self._waiting() if entry.status == "ENQUEUED" else [])

    def jobs(self, *, state: JobState | None = None, client: str | None = None, limit: int = 100) -> list[Job]:
        """Return jobs, newest first; see `JobStore.jobs`."""
        wanted = JobState.RUNNING if state is JobState.PAUSED else state
        status = None if wanted is None else [name for name, meaning in _STATES.items() if meaning is wanted]
        # Which running jobs are paused is not in the database, so those states are cut to the limit here.
        most = None if wanted is JobState.RUNNING else limit
        found = self._database.newest(status, client, most)
        waiting = self._waiting() if any(entry.status == "ENQUEUED" for entry in found) else []
        jobs = [self._job(entry, waiting) for entry in found]
        return [job for job in jobs if state is None or job.state is state][:limit]

    def cancel(self, job_id: str) -> Job:
        """Cancel a job that is not final yet; see `JobStore.cancel`."""
        if self._database.get(job_id).status in _ALIVE:
            self._database.cancel(job_id)
            self._runner.abandon(job_id)
        return self.get(job_id)

    def resume(self, job_id: str) -> Job:
        """Queue a failed or cancelled job again; see `JobStore.resume`."""
        job = self.get(job_id)
        if job.state in (JobState.FAILED, JobState.CANCELLED):
            fresh_status(JobFolder(job.folder))
            self._database.begin_again(job_id)
        return self.get(job_id)

    def delete(self, job_id: str) -> None:
        """Forget a final job and remove its files; see `JobStore.delete`."""
        job = self.get(job_id)
        if not job.state.final:
            raise JobError(f"job {job_id}: expected a final job to delete, got one that is {job.state}")
        self._database.delete(job_id)
        remove(job.folder)

    def read_lines(self, job_id: str, start: int = 0, limit: int = 64) -> list[bytes]:
        """Return result lines; see `JobStore.read_lines`."""
        folder = JobFolder(self._jobs / self._database.get(job_id).workflow_id)
        return read_lines(folder.path, JobSpecification.read(folder).chunk_frames, start, limit)

    def counts(self) -> QueueCounts:
        """Return how many jobs are in each kind of state; see `JobStore.counts`."""
        states = [self._state(entry) for entry in self._database.outlines()]
        return QueueCounts(
            queued=states.count(JobState.QUEUED),
            running=states.count(JobState.RUNNING),
            paused=states.count(JobState.PAUSED),
            finished=sum(state.final for state in states),
        )

    def close(self, drain_seconds: float) -> None:
        """Stop taking up work; see `JobStore.close`."""
        self._drain_seconds = drain_seconds
        self._opened.close()

    @property
    def _database(self) -> QueueDatabase:
        if self._database_opened is None:
            raise JobError("job store: expected a started store, got one that is not")
        return self._database_opened

    @property
    def _runner(self) -> JobRunner:
        if self._runner_opened is None:
            raise JobError("job store: expected a started store, got one that is not")
        return self._runner_opened

    def _open(self, opened: ExitStack) -> None:
        parameters, limits = self._parameters, self._parameters.run
        liveness = self._liveness()
        opened.callback(liveness.close)
        runner = JobRunner(self._jobs, limits, parameters.computing, self._observer)
        url = parameters.database_url or f"sqlite:///{self._folder / 'queue.sqlite'}"
        database = QueueDatabase(
            url, liveness.executor_id, runner.track, parameters.queue.concurrency, limits.poll_seconds
        )
        opened.callback(database.close)
        opened.callback(lambda: runner.close(self._drain_seconds))
        upkeep = Upkeep(database, runner, liveness, self._folder, parameters.retention, max(limits.poll_seconds, 1.0))
        opened.callback(upkeep.close)
        self._database_opened, self._runner_opened = database, runner
        opened.callback(self._forget)

    def _forget(self) -> None:
        self._database_opened = None

    def _liveness(self) -> Liveness:
        url = self._parameters.database_url
        return OneService(self._folder) if url is None else OneOfSeveral(url, self._parameters.executor_id)

    def _chunk_frames(self) -> int:
        """Frames between borders, a multiple of the window: then cut and uncut runs see the same batches."""
        window = int(self._parameters.tracking["pipeline"]["window"])
        return -(-self._parameters.run.chunk_frames // window) * window

    def _turn(self, request: JobRequest) -> int:
        """Return the new job's place in the queue; raises `QueueFullError` where there is none."""
        limits, unfinished = self._parameters.queue, self._database.outlines(*_ALIVE)
        turns = [
            Turn(entry.priority or 0, entry.authenticated_user or "", entry.status != "PENDING") for entry in unfinished
        ]
        if (waiting := sum(turn.waiting for turn in turns)) >= limits.length:
            raise QueueFullError(f"queue: expected fewer than {limits.length} waiting jobs, got {waiting}")
        if (own := sum(turn.client == request.client for turn in turns)) >= limits.client_jobs:
            raise JobQuotaError(f"quota: expected fewer than {limits.client_jobs} unfinished jobs, got {own}")
        if limits.client_bytes is not None:
            used = sum(used_bytes(self._jobs / e.workflow_id) for e in self._database.outlines(client=request.client))
            if used >= limits.client_bytes:
                raise JobQuotaError(
                    f"quota: expected jobs of less than {limits.client_bytes >> 20} MiB, got {used >> 20} MiB"
                )
        return next_turn(request.priority, request.client, turns)

    def _waiting(self) -> list[str]:
        """Return the ids of the queued jobs, next first."""
        waiting = self._database.outlines("ENQUEUED")
        waiting.sort(key=lambda entry: (entry.priority or 0, entry.created_at or 0))
        return [entry.workflow_id for entry in waiting]

    def _status(self, job_id: str) -> JobStatus:
        run = None if self._runner_opened is None else self._runner_opened.run_of(job_id)
        if run is not None:
            return run.status
        status = JobFolder(self._jobs / job_id).read_status()
        if status.paused is None and free_bytes(self._folder) < self._parameters.run.free_bytes:
            # Put back because the queue itself could not be written; taken up again when there is room.
            return replace(status, paused="no room for results")
        return status

    def _state(self, entry: WorkflowStatus) -> JobState:
        state = _STATES[entry.status]
        paused = state is JobState.RUNNING and self._status(entry.workflow_id).paused is not None
        return JobState.PAUSED if paused else state

    def _job(self, entry: WorkflowStatus, waiting: list[str]) -> Job:
        status = self._status(entry.workflow_id)
        return Job(
            id=entry.workflow_id,
            request=request_from_json(entry.input["args"][1] if entry.input is not None else None),
            state=self._state(entry),
            folder=self._jobs / entry.workflow_id,
            queued_at=(entry.created_at or 0) / 1000,
            started_at=status.started_at,
            completed_at=None if entry.completed_at is None else entry.completed_at / 1000,
            frames_done=status.frames_done,
            frames_total=status.frames_total,
            queue_position=waiting.index(entry.workflow_id) if entry.workflow_id in waiting else 0,
            attempts=status.attempts,
            reason=_reason(entry, status),
        )


def _reason(entry: WorkflowStatus, status: JobStatus) -> str | None:
    if entry.status == "CANCELLED":
        return "cancelled"
    if entry.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        return "the service died too often while it computed this job"
    if entry.error is not None:
        return str(entry.error)
    return status.paused if entry.status == "PENDING" else None


def _move(source: Path, folder: Path) -> Path:
    folder.mkdir()
    target = folder / source.name
    shutil.move(source, target)
    return target
