"""The job store on DBOS: a video is a workflow, a chunk of its frames a step."""

import logging
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
from dbos import (
    DBOS,
    DBOSConfig,
    DBOSContextSetAuth,
    DBOSPortableJSONSerializer,
    SetEnqueueOptions,
    SetWorkflowID,
    WorkflowStatus,
)

from tracker_service.errors import DiskFullError, JobError, JobNotFoundError, QueueFullError
from tracker_service.jobs.disk import free_bytes
from tracker_service.jobs.folder import JobFolder, request_from_json, request_to_json
from tracker_service.jobs.identity import SourceIdentity
from tracker_service.jobs.job import Job, JobRequest, JobState, QueueCounts
from tracker_service.jobs.line_index import read_lines
from tracker_service.jobs.observer import JobObserver, NoObserver
from tracker_service.jobs.parameters import StoreParameters
from tracker_service.jobs.process import WorkerProcess
from tracker_service.jobs.run import Abandoned, JobRun
from tracker_service.jobs.task import WorkerTask
from tracker_service.jobs.turns import Turn, next_turn
from tracker_service.video.source import open_source

_WORKFLOW, _QUEUE = "track_video", "jobs"
APPLICATION_VERSION = "1"
"""Pinned: unfinished jobs go on after an upgrade. Raised only when the order of the workflow's steps changes."""

_logger = logging.getLogger(__name__)
_one_per_process = threading.Lock()
_FINAL = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_STATES = {
    "ENQUEUED": JobState.QUEUED,
    "DELAYED": JobState.QUEUED,
    "PENDING": JobState.RUNNING,
    "SUCCESS": JobState.COMPLETED,
    "CANCELLED": JobState.CANCELLED,
    "ERROR": JobState.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": JobState.FAILED,
}


class DbosJobStore:
    """Keeps jobs in a database, their files in a folder, and computes them in worker processes; see `JobStore`.

    DBOS exists once a process, so only one store can be started at a time.

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
        self.uploads = self._folder / "uploads"
        self.uploads.mkdir(parents=True, exist_ok=True)
        self._runs: dict[str, JobRun] = {}
        self._submitting = threading.Lock()
        self._started = False
        self._spawner: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Take up work, jobs left over from an earlier process included; see `JobStore.start`.

        Raises:
            JobError: another store is started in this process.
        """
        if not _one_per_process.acquire(blocking=False):
            raise JobError("job store: expected one started store a process, got a second one")
        try:
            self._spawner = ThreadPoolExecutor(1, thread_name_prefix="worker-starter")
            logging.getLogger("dbos").addHandler(logging.NullHandler())
            logging.getLogger("dbos").setLevel(logging.WARNING)
            DBOS(config=self._config())
            self._workflow = DBOS.workflow(name=_WORKFLOW)(_function(self._track))
            DBOS.launch()
            self._queue = DBOS.register_queue(
                _QUEUE,
                worker_concurrency=self._parameters.queue.concurrency,
                polling_interval_sec=self._parameters.run.poll_seconds,
                on_conflict="always_update",
            )
        except BaseException:
            self._shut_down()
            raise
        self._started = True

    def submit(self, request: JobRequest) -> Job:
        """Queue a job; see `JobStore.submit`."""
        self._check_started()
        with open_source(request.source):
            pass
        if (room := free_bytes(self._folder)) < self._parameters.run.free_bytes:
            raise DiskFullError(f"job: expected room for results, got {room >> 20} MiB")
        with self._submitting:
            turn = self._turn(request)
            job_id = secrets.token_urlsafe(16).replace("-", "_")
            values = request_to_json(request)
            path = self._folder / "jobs" / job_id
            path.mkdir(parents=True)
            folder = JobFolder(path)
            identity = SourceIdentity.of(request.source)
            specification = {
                "request": values,
                "identity": None if identity is None else identity.to_json(),
                "chunk_frames": self._chunk_frames(),
                "settings": dict(self._parameters.tracking),
            }
            folder.specification.write_bytes(orjson.dumps(specification))
            with (
                SetWorkflowID(job_id),
                SetEnqueueOptions(priority=turn),
                DBOSContextSetAuth(request.client, None),
            ):
                self._queue.enqueue(self._workflow, job_id, values)
        return self.get(job_id)

    def get(self, job_id: str) -> Job:
        """Return a job; see `JobStore.get`."""
        self._check_started()
        found = DBOS.list_workflows(workflow_ids=[job_id], name=_WORKFLOW)
        if not found:
            raise JobNotFoundError(f"job: expected the id of a job, got {job_id!r}")
        return self._job(found[0], self._waiting() if found[0].status == "ENQUEUED" else [])

    def jobs(self, *, state: JobState | None = None, client: str | None = None, limit: int = 100) -> list[Job]:
        """Return jobs, newest first; see `JobStore.jobs`."""
        self._check_started()
        status = None
        if state is not None:
            wanted = JobState.RUNNING if state is JobState.PAUSED else state
            status = [name for name, meaning in _STATES.items() if meaning is wanted]
        exact = state not in (JobState.RUNNING, JobState.PAUSED)
        found = DBOS.list_workflows(
            name=_WORKFLOW, status=status, user=client, limit=limit if exact else None, sort_desc=True
        )
        waiting = self._waiting() if any(entry.status == "ENQUEUED" for entry in found) else []
        jobs = [self._job(entry, waiting) for entry in found]
        return [job for job in jobs if state is None or job.state is state][:limit]

    def cancel(self, job_id: str) -> Job:
        """Cancel a job that is not final yet; see `JobStore.cancel`."""
        job = self.get(job_id)
        if not job.state.final:
            DBOS.cancel_workflow(job_id)
            if (run := self._runs.get(job_id)) is not None:
                run.abandon()
        return self.get(job_id)

    def delete(self, job_id: str) -> None:
        """Forget a final job and remove its files; see `JobStore.delete`."""
        job = self.get(job_id)
        if not job.state.final:
            raise JobError(f"job {job_id}: expected a final job to delete, got one that is {job.state}")
        DBOS.delete_workflow(job_id)
        shutil.rmtree(job.folder, ignore_errors=True)

    def read_lines(self, job_id: str, start: int = 0, limit: int = 64) -> list[bytes]:
        """Return result lines; see `JobStore.read_lines`."""
        folder = JobFolder(self.get(job_id).folder)
        specification = orjson.loads(folder.specification.read_bytes())
        return read_lines(folder.path, specification["chunk_frames"], start, limit)

    def counts(self) -> QueueCounts:
        """Return how many jobs are in each kind of state; see `JobStore.counts`."""
        self._check_started()
        states = [
            self._state(entry) for entry in DBOS.list_workflows(name=_WORKFLOW, load_input=False, load_output=False)
        ]
        return QueueCounts(
            queued=states.count(JobState.QUEUED),
            running=states.count(JobState.RUNNING),
            paused=states.count(JobState.PAUSED),
            finished=sum(state.final for state in states),
        )

    def close(self, drain_seconds: float) -> None:
        """Stop taking up work; see `JobStore.close`."""
        if not self._started:
            return
        self._started = False
        for run in list(self._runs.values()):
            run.abandon()
        self._shut_down()

    def _shut_down(self) -> None:
        while self._runs:
            threading.Event().wait(0.05)
        DBOS.destroy(destroy_registry=True)
        if self._spawner is not None:
            self._spawner.shutdown()
        _one_per_process.release()

    def _config(self) -> DBOSConfig:
        url = self._parameters.database_url or f"sqlite:///{self._folder / 'queue.sqlite'}"
        return {
            "name": "phalp-triton",
            "system_database_url": url,
            "application_version": APPLICATION_VERSION,
            "executor_id": self._parameters.executor_id or "local",
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "enable_otlp": False,
        }

    def _track(self, job_id: str, values: dict[str, Any]) -> dict[str, Any]:
        """Compute a job: the workflow. Its steps return numbers only; frames go from file to file."""
        run = self._open_run(job_id, request_from_json(values))
        try:
            number, last = 0, False
            while not last:
                chunk = DBOS.run_step({"name": "chunk"}, run.chunk, number)
                number, last = number + 1, bool(chunk["last"])
            return dict(DBOS.run_step({"name": "finish"}, run.finish, number))
        except Abandoned:
            raise
        except Exception:
            self._observer.failed()
            raise
        finally:
            run.close()
            self._runs.pop(job_id, None)

    def _open_run(self, job_id: str, request: JobRequest) -> JobRun:
        folder = JobFolder(self._folder / "jobs" / job_id)
        specification = orjson.loads(folder.specification.read_bytes())
        identity = specification["identity"]
        task = WorkerTask(
            folder=folder.path,
            source=request.source,
            shown_source=request.shown_source,
            identity=None if identity is None else SourceIdentity(**identity),
            max_frames=request.max_frames,
            overlay=request.overlay,
            refine=request.refine,
            chunk_frames=specification["chunk_frames"],
            free_bytes=self._parameters.run.free_bytes,
            settings={**specification["settings"], **self._parameters.computing},
        )
        run = JobRun(folder, task.to_json(), self._parameters.run, self._start_worker, self._observer)
        self._runs[job_id] = run
        return run

    def _start_worker(self, specification: Mapping[str, Any]) -> WorkerProcess:
        if self._spawner is None:
            raise JobError("job store: expected a started store, got one that is not")
        return self._spawner.submit(WorkerProcess, specification).result()

    def _chunk_frames(self) -> int:
        """Frames between borders, a multiple of the window: then cut and uncut runs see the same batches."""
        window = int(self._parameters.tracking["pipeline"]["window"])
        return -(-self._parameters.run.chunk_frames // window) * window

    def _turn(self, request: JobRequest) -> int:
        queue = self._parameters.queue
        unfinished = DBOS.list_workflows(
            name=_WORKFLOW, status=["ENQUEUED", "PENDING"], load_input=False, load_output=False
        )
        if sum(entry.status == "ENQUEUED" for entry in unfinished) >= queue.length:
            raise QueueFullError(f"queue: expected fewer than {queue.length} waiting jobs, got as many")
        turns = [
            Turn(entry.priority or 0, entry.authenticated_user or "", entry.status == "ENQUEUED")
            for entry in unfinished
        ]
        return next_turn(request.priority, request.client, turns)

    def _waiting(self) -> list[str]:
        waiting = DBOS.list_workflows(name=_WORKFLOW, status="ENQUEUED", load_input=False, load_output=False)
        return [
            entry.workflow_id
            for entry in sorted(waiting, key=lambda entry: (entry.priority or 0, entry.created_at or 0))
        ]

    def _state(self, entry: WorkflowStatus) -> JobState:
        state = _STATES[entry.status]
        if state is JobState.RUNNING:
            run = self._runs.get(entry.workflow_id)
            if run is not None and run.status.paused is not None:
                return JobState.PAUSED
        return state

    def _job(self, entry: WorkflowStatus, waiting: list[str]) -> Job:
        folder = JobFolder(self._folder / "jobs" / entry.workflow_id)
        run = self._runs.get(entry.workflow_id)
        status = folder.read_status() if run is None else run.status
        arguments = entry.input["args"] if entry.input is not None else ()
        request = request_from_json(arguments[1])
        state = self._state(entry)
        return Job(
            id=entry.workflow_id,
            request=request,
            state=state,
            folder=folder.path,
            queued_at=(entry.created_at or 0) / 1000,
            started_at=status.started_at,
            completed_at=None if entry.completed_at is None else entry.completed_at / 1000,
            frames_done=status.frames_done,
            frames_total=status.frames_total,
            queue_position=waiting.index(entry.workflow_id) if entry.workflow_id in waiting else 0,
            attempts=status.attempts,
            reason=_reason(entry, status.paused),
        )

    def _check_started(self) -> None:
        if not self._started:
            raise JobError("job store: expected a started store, got one that is not")


def _function(
    method: Callable[[str, dict[str, Any]], dict[str, Any]],
) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """Return a plain function: DBOS writes attributes onto what it is given."""

    def track_video(job_id: str, values: dict[str, Any]) -> dict[str, Any]:
        return method(job_id, values)

    return track_video


def _reason(entry: WorkflowStatus, paused: str | None) -> str | None:
    if entry.status == "CANCELLED":
        return "cancelled"
    if entry.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        return "the service died too often while it computed this job"
    return str(entry.error) if entry.error is not None else paused
