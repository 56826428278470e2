"""What a video job is: its request and its state."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field


class JobState(StrEnum):
    """Where a job stands.

    ``PAUSED`` waits for something that comes back by itself (disk space, Triton); the last three are final.
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


LOWEST_PRIORITY = 200
_MOST_FRAMES = 2**31 - 1


def _empty_is_none(value: object) -> object:
    """Take an empty field of a form for one that is not set."""
    return None if isinstance(value, str) and not value.strip() else value


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """How a video is computed; JSON fields beside ``video_path``, or text fields of the form."""

    max_frames: Annotated[
        Annotated[int, Field(ge=1, le=_MOST_FRAMES)] | None,
        BeforeValidator(_empty_is_none),
        Field(description="stop after this many frames; without it, read to the end"),
    ] = None
    overlay: Annotated[bool, Field(description="also draw `overlay.mp4`, which takes about as long as tracking")] = True
    refine: Annotated[bool, Field(description="smooth and fill gaps in a second pass")] = False
    priority: Annotated[
        int, Field(ge=0, le=LOWEST_PRIORITY, description="lower goes first among the client's own jobs")
    ] = 100
    webhook: Annotated[
        str | None,
        BeforeValidator(_empty_is_none),
        Field(description="URL that is called when the job has ended; see the setting `webhooks.allow`"),
    ] = None


@dataclass(frozen=True, slots=True)
class JobRequest(JobOptions):
    """What is to be done with a video, and for whom.

    Attributes:
        source: the video on this host.
        shown_source: the video as the client named it; the only path that clients get to see.
        client: who asked (API key name or address), for quotas and fairness.
        delete_source: the source is an upload that goes with the job's own files.
    """

    source: Path
    shown_source: str
    client: str = ""
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
