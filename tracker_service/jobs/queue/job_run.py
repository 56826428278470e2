"""One job being computed: its worker is started, listened to, and started again when it dies."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from threading import Event
from typing import Any

from tracker_service.errors import JobError
from tracker_service.jobs.chunks.chunk import ChunkFiles
from tracker_service.jobs.disk import free_bytes
from tracker_service.jobs.folder import JobFolder
from tracker_service.jobs.messages import (
    Committed,
    Completed,
    DiskFull,
    Locked,
    Message,
    Progressed,
    Refused,
    Restored,
    Resumed,
    Waiting,
)
from tracker_service.jobs.queue.observer import JobObserver
from tracker_service.jobs.queue.store_parameters import RunLimits
from tracker_service.jobs.worker_processes.worker_process import WorkerDied, WorkerProcess
from tracker_service.types.public_text import without_places

_HEARTBEAT_WHILE_WAITING = 60.0
"""Seconds within which a worker that waits for the inference server says so again."""
_RETRY_FULL_DISK = 60.0
"""Seconds after which a worker that met a full disk is started again though there is no more room than then."""
_logger = logging.getLogger(__name__)


class JobFailedError(JobError):
    """The job cannot be completed; the message is the reason that clients read."""


class JobInterrupted(BaseException):
    """Leaves a workflow without an outcome, so that it is recovered or stays cancelled.

    DBOS records every `Exception` as the outcome of the step and of the workflow, and nothing else.
    """


class JobRun:
    """Gets a job computed.

    Only monotonic clocks decide anything here: the wall clock may jump.

    Args:
        folder: of the job.
        limits: when to give up or wait.
        start: starts a worker for the job.
        observer: is told what happens.
    """

    def __init__(
        self, folder: JobFolder, limits: RunLimits, start: Callable[[], WorkerProcess], observer: JobObserver
    ) -> None:
        self.status = folder.read_status()
        self._folder = folder
        self._limits = limits
        self._start = start
        self._observer = observer
        self._interrupted, self._draining = Event(), Event()
        self._worker: WorkerProcess | None = None
        self._chunk = ChunkFiles(folder.path / "chunks").count()  # being computed; behind the last, files are joined
        self._at_border = False
        self._completed = False
        self._last_heartbeat = time.monotonic()
        self._waiting = False
        self._full_at: tuple[int, float] | None = None
        self._worked, self._looked_at = 0.0, time.monotonic()

    def compute(self) -> dict[str, Any]:
        """Wait until all chunks are on disk and the result files have their names; returns the number of frames.

        Raises:
            JobFailedError: it cannot be computed.
            JobInterrupted: `interrupt` was called, or `drain` was and this is the border to stop at.
        """
        try:
            while not self._completed:
                if self._draining.is_set() and (self._worker is None or self._at_border):
                    raise JobInterrupted
                self._advance()
                self._check_work()
        except JobFailedError:
            self._note(ended_at=time.time())
            raise
        self._note(ended_at=time.time())
        return {"frames": self.status.frames_done}

    def drain(self) -> None:
        """Make the waiting thread leave at the next border, so that nothing is computed twice."""
        self._draining.set()

    def interrupt(self) -> None:
        """Make the waiting thread leave as soon as possible."""
        self._interrupted.set()

    def close(self) -> None:
        """End the worker."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()

    def _advance(self) -> None:
        """Take in one message of the worker, or a moment of silence."""
        if self._interrupted.is_set():
            raise JobInterrupted
        if self._worker is None:
            self._start_worker()
        if self._worker is None:
            return
        message = self._worker.receive(self._limits.poll_seconds)
        if message is None:
            self._check_heartbeat()
        else:
            self._last_heartbeat = time.monotonic()
            self._take(message)

    def _start_worker(self) -> None:
        """Start a worker, or wait a moment where there is no room for results."""
        if (room := free_bytes(self._folder.path)) < self._limits.free_bytes:
            self._pause(f"no room for results: {room >> 20} MiB free, {self._limits.free_bytes >> 20} MiB wanted")
            self._interrupted.wait(self._limits.poll_seconds)
            return
        if self._still_full(room):
            self._interrupted.wait(self._limits.poll_seconds)
            return
        started_at = self.status.started_at or time.time()
        self._note(attempts=self.status.attempts + 1, started_at=started_at, paused=None)
        self._last_heartbeat, self._waiting = time.monotonic(), False
        self._worker = self._start()

    def _take(self, message: Message | WorkerDied) -> None:
        self._at_border = False
        match message:
            case Progressed():
                self._observer.progressed()
            case Committed() | Restored():
                self._take_results(message)
            case Completed():
                self._completed = True
            case Waiting(reason, detail):
                self._waiting = True
                self._pause(reason, detail)
            case Resumed():
                self._waiting = False
                self._note(paused=None)
            case _:
                self._take_end(message)

    def _take_results(self, message: Committed | Restored) -> None:
        self._chunk, self._at_border = message.chunk + 1, not message.last
        if isinstance(message, Committed):
            self._observer.committed(message.counts)
            job, counts = self._folder.path.name, asdict(message.counts)
            _logger.info("job %s: %d frames done", job, message.frames_done, extra={"job": job, **counts})
        self._note(frames_done=message.frames_done)

    def _take_end(self, message: Refused | DiskFull | Locked | WorkerDied) -> None:
        self.close()
        if isinstance(message, Refused):
            raise JobFailedError(message.reason)
        if isinstance(message, WorkerDied):
            self._count_failure(message.reason)
            return
        if isinstance(message, DiskFull):
            self._full_at = free_bytes(self._folder.path), time.monotonic()
        self._pause(message.reason)
        self._interrupted.wait(self._limits.poll_seconds)

    def _still_full(self, room: int) -> bool:
        """Tell whether starting a worker would only fill the disk again: joining files may need more than the limit."""
        if self._full_at is None:
            return False
        room_then, at = self._full_at
        return room <= room_then and time.monotonic() - at < _RETRY_FULL_DISK

    def _check_work(self) -> None:
        before, self._looked_at = self._looked_at, time.monotonic()
        if self._worker is not None and not self._waiting:
            self._worked += self._looked_at - before
        if not self._completed and self._worked > self._limits.work_seconds:
            self.close()
            raise JobFailedError(f"computing took longer than the {self._limits.work_seconds:g} s that a job may take")

    def _check_heartbeat(self) -> None:
        silence, limit = time.monotonic() - self._last_heartbeat, self._limits.stall_seconds
        if silence > (max(limit, _HEARTBEAT_WHILE_WAITING) if self._waiting else limit):
            self.close()
            self._count_failure(f"the worker has not reported for {silence:.0f} s")

    def _count_failure(self, reason: str) -> None:
        chunk = self._chunk
        failures = self.status.failures + 1 if self.status.failed_chunk == chunk else 1
        self._note(failed_chunk=chunk, failures=failures)
        _logger.warning("job %s, chunk %d, failure %d: %s", self._folder.path.name, chunk, failures, reason)
        if failures >= self._limits.chunk_attempts:
            first, shown = self.status.frames_done, without_places(reason)
            raise JobFailedError(f"computing from frame {first} on failed {failures} times, the last time: {shown}")

    def _pause(self, reason: str, detail: str = "") -> None:
        if self.status.paused != reason:
            _logger.warning("job %s waits: %s", self._folder.path.name, detail or reason)
            self._note(paused=reason)

    def _note(self, **changes: Any) -> None:
        self.status = replace(self.status, **changes)
        with suppress(OSError):  # a full disk: the status in memory is the one that counts while the service lives
            self._folder.write_status(self.status)


def reset_failures(folder: JobFolder) -> None:
    """Forget failures of the past, for a job that is resumed by hand."""
    folder.write_status(replace(folder.read_status(), ended_at=None, failed_chunk=-1, failures=0, paused=None))
