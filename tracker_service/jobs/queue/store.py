"""The job store: jobs are queued in a database, computed in worker processes, and keep their files in folders."""

import logging
import os
import secrets
import shutil
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from tracker_service.errors import (
    DiskFullError,
    JobError,
    JobKeyError,
    QueueUnusableError,
    VideoError,
)
from tracker_service.jobs.chunks.chunk import sync_folder
from tracker_service.jobs.chunks.growing_lines import GrowingLines
from tracker_service.jobs.chunks.line_index import read_lines
from tracker_service.jobs.disk import free_bytes
from tracker_service.jobs.folder import JobDefinition, JobFolder, JobStatus, whole_windows
from tracker_service.jobs.identity import SourceIdentity
from tracker_service.jobs.job import Job, JobRequest, JobState, QueueCounts
from tracker_service.jobs.queue.admission import UNFINISHED, JobAdmission
from tracker_service.jobs.queue.database import (
    DATABASE_ERRORS,
    EARLIER_VERSIONS,
    POSTGRES_VERSION,
    SQLITE_VERSION,
    QueueDatabase,
)
from tracker_service.jobs.queue.earlier_version import adopt
from tracker_service.jobs.queue.idempotency import IdempotencyKeys, asks_for_the_same
from tracker_service.jobs.queue.job_run import reset_failures
from tracker_service.jobs.queue.liveness import DatabaseLiveness, FolderLiveness, Liveness
from tracker_service.jobs.queue.maintenance import Maintenance
from tracker_service.jobs.queue.observer import JobObserver
from tracker_service.jobs.queue.queue_file import check_queue_file, keep_private
from tracker_service.jobs.queue.queue_tables import check_queue_tables
from tracker_service.jobs.queue.queue_watch import QueueWatch
from tracker_service.jobs.queue.retention import remove
from tracker_service.jobs.queue.runner import JobRunner
from tracker_service.jobs.queue.store_parameters import StoreParameters
from tracker_service.jobs.queue.stored_jobs import StoredJobs
from tracker_service.jobs.webhooks.destination import AllowedDestinations
from tracker_service.jobs.webhooks.outbox import Outbox
from tracker_service.jobs.webhooks.outcome import WebhookBacklog
from tracker_service.jobs.webhooks.sender import WebhookSender
from tracker_service.jobs.webhooks.webhook_parameters import WebhookParameters
from tracker_service.tracing.spans import traceparent
from tracker_service.video.probe import VideoProperties, properties_of

_one_per_process = threading.Lock()
_logger = logging.getLogger(__name__)


class JobStore:
    """Keeps jobs in a database, their files in a folder, and computes them in worker processes.

    Safe to call from several threads; all calls may block for milliseconds, so none may come from a thread that runs an
    event loop. Only one store can be started in a process at a time. Every method but `start` needs a started store and
    raises `JobError` otherwise.

    Args:
        parameters: folder, database and limits.
        tracking: settings that decide the results; they are kept with each job from its submission on.
        computing: settings that decide where the models run; each worker gets those of its service.
        observer: is told what running jobs do.
        webhooks: who may be told of the ends of jobs; None for nobody.

    Attributes:
        uploads: where uploaded videos are written before they are submitted with ``delete_source``.
    """

    def __init__(
        self,
        parameters: StoreParameters,
        *,
        tracking: Mapping[str, Any],
        computing: Mapping[str, Any],
        observer: JobObserver | None = None,
        webhooks: WebhookParameters | None = None,
    ) -> None:
        self._webhooks = webhooks or WebhookParameters()
        self._allowed = AllowedDestinations(self._webhooks.allow)
        self._parameters, self._tracking, self._computing = parameters, tracking, computing
        self._observer = observer or JobObserver()
        self._folder = parameters.folder.absolute()
        self._jobs = self._folder / "jobs"
        self.uploads = self._folder / "uploads"
        for folder in (self._jobs, self.uploads):
            folder.mkdir(parents=True, exist_ok=True)
        self._submitting = threading.Lock()
        self._growing = GrowingLines()
        self._outbox, self._keys = Outbox(self._folder / "outbox"), IdempotencyKeys(self._folder)
        self._opened = ExitStack()
        self._database_opened: QueueDatabase | None = None
        self._runner_opened: JobRunner | None = None
        self._sender: WebhookSender | None = None
        self._drain_seconds = 0.0
        self._watch: QueueWatch | None = None

    @property
    def problem(self) -> str | None:
        """What is wrong with the queue, in one line without paths; None while nothing is."""
        return None if self._watch is None else self._watch.problem

    @property
    def webhook_backlog(self) -> WebhookBacklog:
        """The ends of jobs that nobody has been told of yet."""
        return WebhookBacklog() if self._sender is None else self._sender.backlog

    def start(self) -> None:
        """Take up work, jobs left over from an earlier process included.

        Raises:
            JobError: another store is started in this process, or another service uses the folder.
        """
        if not _one_per_process.acquire(blocking=False):
            raise JobError("job store: expected one started store a process, got a second one")
        with ExitStack() as opened:
            opened.callback(_one_per_process.release)
            self._open(opened)
            self._opened = opened.pop_all()

    def submit(
        self,
        request: JobRequest,
        video: VideoProperties | None = None,
        *,
        key: str | None = None,
        opened: int | None = None,
    ) -> Job:
        """Queue a job.

        With ``delete_source`` the source is moved into the job's folder; it is where it was when this raises, and when
        ``key`` has found an earlier job.

        Args:
            request: what is to be done.
            video: what `probe_video` has found; without it the source is looked at here, in this process.
            key: the client's name for this request. Repeating it gives the job that it gave before, whatever crashed
                in between.
            opened: descriptor of the source that was checked; None where nobody has.

        Raises:
            QueueFullError: too many jobs wait; `JobQuotaError` where only this client has too many.
            VideoError: the source is no video, or another file than the one that was checked.
            DiskFullError: there is no room for its results.
            JobKeyError: ``key`` was used for another request.
            WebhookForbiddenError: the webhook may not be called.
        """
        if request.webhook is not None:
            self._allowed.check(request.webhook)
        job_id = secrets.token_hex(16) if key is None else self._keys.job_id(request.client, key)
        if key is not None and self._repeats(job_id, request):
            return self.get(job_id)
        video = video or properties_of(request.source, sys.maxsize)
        if (room := free_bytes(self._folder)) < (wanted := self._parameters.free_bytes):
            raise DiskFullError(f"job: expected {wanted >> 20} MiB of free disk for results, got {room >> 20} MiB")
        with self._submitting:
            if key is None or not self._repeats(job_id, request):
                status = JobStatus(frames_total=_bounded(video.frames, request.max_frames))
                try:
                    self._queue(job_id, request, status, opened)
                except OSError:
                    # With a key, another service may have been asked for the same at the same time.
                    if key is None or not self._repeats(job_id, request):
                        raise
        return self.get(job_id)

    def check_share(self, client: str) -> None:
        """Raise `JobQuotaError` where ``submit`` would do so for all that a client asks for: it has too many jobs."""
        self._admission.check_jobs(client)

    def _repeats(self, job_id: str, request: JobRequest) -> bool:
        """Tell whether a job was made for this request before; a crash may have kept it from being queued.

        Raises:
            JobKeyError: it was made for another request.
        """
        folder = JobFolder(self._jobs / job_id)
        if not folder.definition.exists():
            return False
        if not asks_for_the_same(self._stored.definition(job_id), request):
            raise JobKeyError("Idempotency-Key: expected the request that it was used for before, got another one")
        if not self._database.workflows(ids=[job_id]):
            self._enqueue(job_id, request)
        return True

    def _queue(self, job_id: str, request: JobRequest, status: JobStatus, opened: int | None) -> None:
        """Make the folder of a job under another name, give it its own when it is whole, and queue the job."""
        self._admission.check_disk(request.client)
        rank, folder = self._admission.rank(request), JobFolder(self._jobs / job_id)
        new = JobFolder(self._jobs / f"{job_id}.{secrets.token_hex(4)}")
        with ExitStack() as failing:
            new.path.mkdir()
            failing.callback(remove, new.path)
            if request.delete_source:
                name = request.source.name
                taken = _move(request.source, new.path / "source" / name)
                failing.callback(_move, taken, request.source)
                identity = SourceIdentity.of(taken)
                request = replace(request, source=folder.path / "source" / name)
            else:
                identity = SourceIdentity.of(request.source) if opened is None else SourceIdentity.of_file(opened)
            if opened is not None and not os.path.samestat(os.fstat(opened), request.source.stat()):
                raise VideoError(f"{request.source}: expected the file that was checked, got another one in its place")
            chunk_frames = whole_windows(self._parameters.chunk_frames, self._tracking)
            JobDefinition(request, identity, chunk_frames, self._tracking, traceparent()).write(new)
            new.write_status(status)
            new.path.rename(folder.path)
            failing.callback(folder.path.rename, new.path)
            sync_folder(self._jobs)
            self._enqueue(job_id, request, rank)
            failing.pop_all()

    def _enqueue(self, job_id: str, request: JobRequest, rank: int | None = None) -> None:
        if request.webhook is not None:
            self._outbox.add(job_id)
        self._database.enqueue(job_id, self._admission.rank(request) if rank is None else rank, request.client)

    def get(self, job_id: str) -> Job:
        """Return a job; raises `JobNotFoundError`."""
        return self._stored.get(job_id)

    def jobs(self, *, state: JobState | None = None, client: str | None = None, limit: int = 100) -> list[Job]:
        """Return jobs, newest first."""
        return self._stored.newest(state, client, limit)

    def cancel(self, job_id: str) -> Job:
        """Cancel a job that is not final yet (a final one stays as it is); raises `JobNotFoundError`."""
        if self._database.get(job_id).status in UNFINISHED:
            self._database.cancel(job_id)
            self._runner.interrupt(job_id)
        return self.get(job_id)

    def resume(self, job_id: str) -> Job:
        """Queue a failed or cancelled job again behind others, from its last border (others stay as they are).

        Raises:
            JobNotFoundError: no such job.
            QueueFullError: as in `submit`.
        """
        with self._submitting:
            job = self.get(job_id)
            if job.state not in (JobState.FAILED, JobState.CANCELLED):
                return job
            # A rank of the past would go before all that has been queued since.
            self._database.change_ranks({job_id: self._admission.rank(job.request)})
            folder = JobFolder(job.folder)
            if job.request.webhook is not None:
                self._outbox.add(job_id)
            reset_failures(folder)
            if self._database.get(job_id).app_version in EARLIER_VERSIONS:
                adopt(folder, self._database)
            else:
                self._database.restart(job_id)
        return self.get(job_id)

    def delete(self, job_id: str) -> None:
        """Forget a final job and remove its files.

        Raises:
            JobNotFoundError: no such job.
            JobError: it is not final.
        """
        job = self.get(job_id)
        if not job.state.final:
            raise JobError(f"job {job_id}: expected a final job to delete, got one that is {job.state}")
        JobFolder(job.folder).mark_deleted()
        self._database.delete(job_id)
        remove(job.folder)
        self._outbox.discard(job_id)

    def read_lines(self, job_id: str, start: int = 0, limit: int = 64) -> list[bytes]:
        """Return up to ``limit`` result lines from frame ``start`` on: one frame each, no line break, final.

        Those behind ``frames_done`` are not safe from a power cut yet; they would be computed again and be the same.
        Meshes are not in them. An empty answer of a job that is not final means: later.

        Raises:
            JobNotFoundError: no such job.
        """
        stored, known = self._stored, self._database.get(job_id).workflow_id
        return read_lines(stored.folder(known).path, stored.definition(known).chunk_frames, start, limit, self._growing)

    def compute_at_once(self, jobs: int) -> None:
        """Compute so many jobs at the same time from now on; those that run go on."""
        try:
            self._database.compute_at_once(jobs)
        except (*DATABASE_ERRORS, QueueUnusableError) as error:
            _logger.warning("as many jobs at a time as before: the queue cannot be written: %s", error)

    def counts(self) -> QueueCounts:
        """Return how many jobs are in each kind of state."""
        return self._stored.counts()

    def close(self, drain_seconds: float) -> None:
        """Stop taking up work, and leave what runs at its next border, so that `start` takes it up again there.

        A job that does not reach one within ``drain_seconds`` is cut off and goes on at the one before.
        """
        self._drain_seconds = drain_seconds
        self._opened.close()

    @property
    def _database(self) -> QueueDatabase:
        if self._database_opened is None:
            raise JobError("job store: expected a started store, got one that is not")
        if self._watch is not None and not self._watch.usable:
            raise QueueUnusableError(self._watch.problem)
        return self._database_opened

    @property
    def _runner(self) -> JobRunner:
        if self._runner_opened is None:
            raise JobError("job store: expected a started store, got one that is not")
        return self._runner_opened

    @property
    def _admission(self) -> JobAdmission:
        stored = self._stored
        return JobAdmission(stored.database, self._jobs, self._parameters, lambda job: stored.definition(job).request)

    @property
    def _stored(self) -> StoredJobs:
        return StoredJobs(self._database, self._parameters, self._runner.run_of)

    def _open(self, opened: ExitStack) -> None:
        parameters = self._parameters
        liveness = self._liveness()
        opened.callback(liveness.close)
        file = self._folder / "queue.sqlite" if self._url is None else None
        if file is not None:
            check_queue_file(file, SQLITE_VERSION)
            keep_private(file)
        else:
            self._check_tables()
        runner = JobRunner(self._jobs, parameters, self._computing, self._tracking, self._observer)
        url = self._url or f"sqlite:///{self._folder / 'queue.sqlite'}"
        database = QueueDatabase(
            url, liveness.executor_id, runner.track, parameters.concurrency, parameters.poll_seconds
        )
        opened.callback(database.close)
        opened.callback(lambda: runner.close(self._drain_seconds))
        seconds = max(parameters.poll_seconds, 1.0)
        watch = QueueWatch(database, file, self._check_tables, self._jobs)
        maintenance = Maintenance(database, runner, liveness, self._folder, parameters, watch, seconds)
        opened.callback(maintenance.close)
        self._database_opened, self._runner_opened, self._watch = database, runner, watch
        opened.callback(self._forget)
        sender = WebhookSender(self._outbox, self.get, self._webhooks, seconds, self._observer.webhook_called)
        opened.callback(sender.close)
        self._sender = sender

    def _check_tables(self) -> None:
        if self._url is not None:
            check_queue_tables(self._url, POSTGRES_VERSION)

    def _forget(self) -> None:
        self._database_opened = self._watch = None

    def _liveness(self) -> Liveness:
        url = self._url
        return FolderLiveness(self._folder) if url is None else DatabaseLiveness(url, self._parameters.executor_id)

    @property
    def _url(self) -> str | None:
        secret = self._parameters.database_url
        return None if secret is None else secret.get_secret_value()


def _bounded(frames: int | None, most: int | None) -> int | None:
    return frames if most is None or frames is None else min(frames, most)


def _move(source: Path, target: Path) -> Path:
    target.parent.mkdir(exist_ok=True)
    shutil.move(source, target)
    return target
