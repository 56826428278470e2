"""What a video job is: its request, its state, and the store that keeps it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class JobState(StrEnum):
    """Where a job stands.

    ``PAUSED`` waits for something that heals by itself (disk space, Triton); the last three are final.
    """

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether the job will never change again."""
        return self in (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What is to be done with a video.

    Attributes:
        source: the video on this host.
        shown_source: the video as the client named it; the only path that clients get to see.
        client: who asked (API key name or address), for quotas and fairness.
        max_frames: stop after this many frames; None reads to the end.
        overlay: also draw `overlay.mp4`.
        refine: also run the second, offline pass.
        priority: lower goes first.
        delete_source: the source is an upload that goes with the job's own files.
    """

    source: Path
    shown_source: str
    client: str = ""
    max_frames: int | None = None
    overlay: bool = True
    refine: bool = False
    priority: int = 100
    delete_source: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A job at one moment.

    Attributes:
        id: unguessable identity.
        request: what was asked.
        state: where it stands.
        folder: its own folder; holds the files of `results/` under their usual names once they are complete.
        queued_at, started_at, completed_at: unix seconds, None where it has not happened.
        frames_done: frames whose results are safely written.
        frames_total: about how many there are, None if unknown.
        queue_position: jobs in front of it, 0 when it is next or not queued.
        attempts: times that computing was started.
        reason: why it failed, was cancelled or is paused; one line that names no path of this host.
    """

    id: str
    request: JobRequest
    state: JobState
    folder: Path
    queued_at: float
    started_at: float | None = None
    completed_at: float | None = None
    frames_done: int = 0
    frames_total: int | None = None
    queue_position: int = 0
    attempts: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many jobs are in each kind of state."""

    queued: int
    running: int
    paused: int
    finished: int

    @property
    def active(self) -> int:
        """Jobs that will still change."""
        return self.queued + self.running + self.paused


class JobStore(Protocol):
    """Keeps jobs and computes them; safe to call from several threads. All calls may block for milliseconds."""

    def start(self) -> None:
        """Take up work, jobs left over from an earlier process included."""
        ...

    def submit(self, request: JobRequest) -> Job:
        """Queue a job.

        With ``delete_source`` the store takes the source over: it is gone from its place when this returns. When this
        raises it is still there and the caller's.

        Raises:
            QueueFullError: too many jobs wait; `JobQuotaError` where only this client has too many.
            VideoError: the source is no video (checked by opening it).
            DiskFullError: there is no room for its results.
        """
        ...

    def get(self, job_id: str) -> Job:
        """Return a job; raises `JobNotFoundError`."""
        ...

    def jobs(self, *, state: JobState | None = None, client: str | None = None, limit: int = 100) -> list[Job]:
        """Return jobs, newest first."""
        ...

    def cancel(self, job_id: str) -> Job:
        """Cancel a job that is not final yet (a final one stays as it is); raises `JobNotFoundError`."""
        ...

    def resume(self, job_id: str) -> Job:
        """Queue a failed or cancelled job again, from its last restart point (others stay as they are).

        Raises:
            JobNotFoundError: no such job.
        """
        ...

    def delete(self, job_id: str) -> None:
        """Forget a final job and remove its files.

        Raises:
            JobNotFoundError: no such job.
            JobError: it is not final.
        """
        ...

    def read_lines(self, job_id: str, start: int = 0, limit: int = 64) -> list[bytes]:
        """Return up to ``limit`` result lines from frame ``start`` on: one frame each, no line break, safely written.

        Meshes are not in them. An empty answer of a job that is not final means: later.

        Raises:
            JobNotFoundError: no such job.
        """
        ...

    def counts(self) -> QueueCounts:
        """Return how many jobs are in each kind of state."""
        ...

    def close(self, drain_seconds: float) -> None:
        """Stop taking up work, and park what runs at its next restart point so that `start` takes it up again.

        A job that does not reach one within ``drain_seconds`` is cut off and goes on at the one before.
        """
        ...
