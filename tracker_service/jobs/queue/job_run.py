"""One job being computed: its worker is started, listened to, and started again when it dies."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from threading import Event
from typing import Any, Protocol

from tracker_service.errors import JobError
from tracker_service.jobs.disk import free_bytes
from tracker_service.jobs.folder import JobFolder, JobStatus
from tracker_service.jobs.messages import (
    Committed,
    Completed,
    DiskFull,
    Message,
    Occupied,
    Opened,
    Progressed,
    Refused,
    Restored,
    Resumed,
    Waiting,
)
from tracker_service.jobs.queue.observer import JobObserver
from tracker_service.jobs.queue.store_parameters import RunLimits
from tracker_service.jobs.queue.worker_process import WorkerDied

_SIGN_WHILE_WAITING = 60.0
"""Seconds within which a worker that waits for the inference server says so again."""
_TRY_AGAIN = 60.0
"""Seconds after which a worker that met a full disk gets another try though there is no more room than then."""
_logger = logging.getLogger(__name__)


class JobFailedError(JobError):
    """The job cannot be completed; the message is the reason that clients read."""


class Abandoned(BaseException):
    """Leaves a workflow without an outcome, so that it is taken up again or stays cancelled.

    DBOS records every `Exception` as the outcome of the step and of the workflow, and nothing else.
    """


class Worker(Protocol):
    """A running worker; see `WorkerProcess`."""

    def receive(self, timeout: float) -> Message | WorkerDied | None:
        """Return the next message; None if there is none within ``timeout`` seconds."""
        ...

    def kill(self) -> None:
        """End it; returns when it is gone."""
        ...


class JobRun:
    """Gets a job computed, chunk by chunk.

    Only monotonic clocks decide anything here: the wall clock may jump.

    Args:
        folder: of the job.
        specification: what a worker is told to do.
        limits: when to give up or wait.
        start: starts a worker on a specification.
        observer: is told what happens.
    """

    def __init__(
        self,
        folder: JobFolder,
        specification: Mapping[str, Any],
        limits: RunLimits,
        start: Callable[[Mapping[str, Any]], Worker],
        observer: JobObserver,
    ) -> None:
        self.status = folder.read_status()
        self._folder = folder
        self._specification = specification
        self._limits = limits
        self._start = start
        self._observer = observer
        self._abandoned, self._parked = Event(), Event()
        self._worker: Worker | None = None
        self._committed: Committed | Restored | None = None
        self._completed = False
        self._last_sign = time.monotonic()
        self._waiting = False
        self._full_at: tuple[int, float] | None = None

    def chunk(self, number: int) -> dict[str, Any]:
        """Wait until a chunk is on disk; returns its number, the frames done and whether it is the last.

        Raises:
            JobFailedError: it cannot be computed.
            Abandoned: `abandon` was called, or `park` was and this is the border to stop at.
        """
        if self._parked.is_set():
            raise Abandoned
        while (done := self._committed) is None or done.chunk < number:
            self._advance(number)
        return {"chunk": number, "frames_done": done.frames_done, "last": done.last and done.chunk == number}

    def finish(self, chunks: int) -> dict[str, Any]:
        """Wait until the result files have their names; returns the number of frames.

        Raises:
            JobFailedError: they cannot be made.
            Abandoned: `abandon` was called.
        """
        while not self._completed:
            self._advance(chunks)
        return {"frames": self.status.frames_done}

    def park(self) -> None:
        """Make the waiting thread leave at the next border, so that nothing is computed twice."""
        self._parked.set()

    def abandon(self) -> None:
        """Make the waiting thread leave as soon as possible."""
        self._abandoned.set()

    def close(self) -> None:
        """End the worker."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()

    def _advance(self, chunk: int) -> None:
        """Take in one message of the worker, or a moment of silence."""
        if self._abandoned.is_set():
            raise Abandoned
        if self._worker is None:
            self._start_worker()
        if self._worker is None:
            return
        message = self._worker.receive(self._limits.poll_seconds)
        if message is None:
            self._check_silence(chunk)
        else:
            self._last_sign = time.monotonic()
            self._take(message, chunk)

    def _start_worker(self) -> None:
        """Start a worker, or wait a moment where there is no room for results."""
        if (room := free_bytes(self._folder.path)) < self._limits.free_bytes:
            self._pause(f"no room for results: {room >> 20} MiB free, {self._limits.free_bytes >> 20} MiB wanted")
            self._abandoned.wait(self._limits.poll_seconds)
            return
        if self._still_full(room):
            self._abandoned.wait(self._limits.poll_seconds)
            return
        started_at = self.status.started_at or time.time()
        self._note(attempts=self.status.attempts + 1, started_at=started_at, paused=None)
        self._last_sign, self._waiting = time.monotonic(), False
        self._worker = self._start(self._specification)

    def _take(self, message: Message | WorkerDied, chunk: int) -> None:
        match message:
            case Opened(frames_total):
                self._note(frames_total=frames_total)
            case Progressed():
                self._observer.progressed()
            case Committed() | Restored():
                self._take_results(message)
            case Completed():
                self._completed = True
            case Waiting(reason):
                self._waiting = True
                self._pause(reason)
            case Resumed():
                self._waiting = False
                self._note(paused=None)
            case _:
                self._take_end(message, chunk)

    def _take_results(self, message: Committed | Restored) -> None:
        self._committed = message
        if isinstance(message, Committed):
            self._observer.committed(message.counts)
            job, counts = self._folder.path.name, asdict(message.counts)
            _logger.info("job %s: %d frames done", job, message.frames_done, extra={"job": job, **counts})
        self._note(frames_done=message.frames_done)

    def _take_end(self, message: Refused | DiskFull | Occupied | WorkerDied, chunk: int) -> None:
        self.close()
        if isinstance(message, Refused):
            raise JobFailedError(message.reason)
        if isinstance(message, WorkerDied):
            self._count_failure(chunk, message.reason)
            return
        if isinstance(message, DiskFull):
            self._full_at = free_bytes(self._folder.path), time.monotonic()
        self._pause(message.reason)
        self._abandoned.wait(self._limits.poll_seconds)

    def _still_full(self, room: int) -> bool:
        """Tell whether starting a worker would only fill the disk again: joining files may need more than the limit."""
        if self._full_at is None:
            return False
        room_then, at = self._full_at
        return room <= room_then and time.monotonic() - at < _TRY_AGAIN

    def _check_silence(self, chunk: int) -> None:
        silence, limit = time.monotonic() - self._last_sign, self._limits.stall_seconds
        if silence > (max(limit, _SIGN_WHILE_WAITING) if self._waiting else limit):
            self.close()
            self._count_failure(chunk, f"the worker gave no sign of life for {silence:.0f} s")

    def _count_failure(self, chunk: int, reason: str) -> None:
        failures = self.status.failures + 1 if self.status.failed_chunk == chunk else 1
        self._note(failed_chunk=chunk, failures=failures)
        _logger.warning("job %s, chunk %d, failure %d: %s", self._folder.path.name, chunk, failures, reason)
        if failures >= self._limits.chunk_attempts:
            first = self.status.frames_done
            raise JobFailedError(f"computing from frame {first} on failed {failures} times, the last time: {reason}")

    def _pause(self, reason: str) -> None:
        if self.status.paused != reason:
            _logger.warning("job %s waits: %s", self._folder.path.name, reason)
            self._note(paused=reason)

    def _note(self, **changes: Any) -> None:
        self.status = replace(self.status, **changes)
        with suppress(OSError):  # a full disk: the status in memory is the one that counts while the service lives
            self._folder.write_status(self.status)


def fresh_status(folder: JobFolder) -> JobStatus:
    """Forget failures of the past, for a job that is resumed by hand; returns the new status."""
    status = replace(folder.read_status(), failed_chunk=-1, failures=0, paused=None)
    folder.write_status(status)
    return status
