"""Jobs as clients see them, without their frames."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from tracker_service.api.answer_parameters import FinalStatus
from tracker_service.api.http.errors import http_error
from tracker_service.jobs.job import Job, JobState
from tracker_service.results.result_files import OVERLAY, REPORT, TRACKS

ClientPath: TypeAlias = Callable[[Path, Job], str]
"""Gives the name by which the job's client can get a result file."""

LEGACY_STATUS: Mapping[JobState, str] = {
    JobState.QUEUED: "queued",
    JobState.RUNNING: "processing",
    JobState.PAUSED: "processing",
    JobState.COMPLETED: "complete",
    JobState.FAILED: "error",
    JobState.CANCELLED: "error",
}
"""How the older service named the states."""
_OTHER_STATUS = {
    **LEGACY_STATUS,
    JobState.COMPLETED: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "failed",
}
FAILED_STATES = (JobState.FAILED, JobState.CANCELLED)


EXAMPLE_ID = "3f1c9a52e8b04d7796a1c05de2f4b873"
_EXAMPLE: dict[str, Any] = {
    "job_id": EXAMPLE_ID,
    "state": "running",
    "video_path": "/shared/videos/clip.mov",
    "queued_at": 1763730000.25,
    "started_at": 1763730001.5,
    "completed_at": None,
    "queue_position": 0,
    "frames_done": 96,
    "frames_total": 140,
    "attempts": 1,
    "reason": None,
    "max_frames": None,
    "refine": False,
    "priority": 100,
    "links": {
        "self": f"/jobs/{EXAMPLE_ID}",
        "results": f"/jobs/{EXAMPLE_ID}/results",
        "events": f"/jobs/{EXAMPLE_ID}/events",
        "tracks": None,
        "overlay": None,
        "summary": None,
        "viewer": f"/jobs/{EXAMPLE_ID}/viewer",
    },
}


class JobLinks(BaseModel):
    """Links to a job's parts; null for a file that does not exist (yet)."""

    self: str
    results: str
    events: str
    tracks: str | None
    overlay: str | None
    summary: str | None
    viewer: str


class JobView(BaseModel):
    """A job."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    job_id: str
    state: JobState
    video_path: str = Field(description="as the client named it; the file's name for an upload")
    queued_at: float = Field(description="unix seconds")
    started_at: float | None
    completed_at: float | None
    queue_position: int = Field(description="jobs before it in the queue")
    frames_done: int = Field(description="frames whose results can be read")
    frames_total: int | None = Field(description="about how many there are; null if unknown")
    attempts: int = Field(description="times that it was started")
    reason: str | None = Field(description="why it failed, was cancelled or is paused")
    max_frames: int | None
    refine: bool
    priority: int
    links: JobLinks

    @classmethod
    def of(cls, job: Job) -> Self:
        """Return ``job`` as clients see it."""
        path, complete, request = f"/jobs/{job.id}", job.state is JobState.COMPLETED, job.request
        return cls(
            job_id=job.id,
            state=job.state,
            video_path=request.shown_source,
            queued_at=job.queued_at,
            started_at=job.started_at,
            completed_at=job.completed_at,
            queue_position=job.queue_position,
            frames_done=job.frames_done,
            frames_total=job.frames_total,
            attempts=job.attempts,
            reason=job.reason,
            max_frames=request.max_frames,
            refine=request.refine,
            priority=request.priority,
            links=JobLinks(
                self=path,
                results=f"{path}/results",
                events=f"{path}/events",
                tracks=f"{path}/{TRACKS}" if complete else None,
                overlay=f"{path}/{OVERLAY}" if complete and request.overlay else None,
                summary=f"{path}/{REPORT}" if complete else None,
                viewer=f"{path}/viewer",
            ),
        )


class JobList(BaseModel):
    """Some jobs, newest first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"jobs": [_EXAMPLE], "next": "/jobs?offset=100&limit=100"}]}
    )

    jobs: list[JobView]
    next: str | None = Field(description="where older ones are; null on the last page")


class Queued(BaseModel):
    """A queued job."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "queued",
                    "job_id": EXAMPLE_ID,
                    "message": f"poll /pose/video/status/{EXAMPLE_ID}",
                    "queue_position": 1,
                }
            ]
        }
    )

    status: str = "queued"
    job_id: str
    message: str
    queue_position: int = Field(description="jobs before it in the queue")

    @classmethod
    def of(cls, job: Job) -> Self:
        """Return the answer to the request that queued ``job``."""
        message = f"poll /pose/video/status/{job.id}"
        return cls(job_id=job.id, message=message, queue_position=job.queue_position)


class Accepted(BaseModel):
    """An accepted upload."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"status": "accepted", "job_id": EXAMPLE_ID, "message": f"poll /job_status/{EXAMPLE_ID}"}]
        }
    )

    status: str = "accepted"
    job_id: str
    message: str

    @classmethod
    def of(cls, job: Job) -> Self:
        """Return the answer to the upload that queued ``job``."""
        return cls(job_id=job.id, message=f"poll /job_status/{job.id}")


class UploadStatus(BaseModel):
    """State of a job in the spelling of ``/process_video_async``; only the fields of its status are sent.

    The answer for a complete job has ``result`` behind them, see `LegacyResult`.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "job_id": EXAMPLE_ID,
                    "status": "processing",
                    "state": "running",
                    "elapsed_time": 12.5,
                    "frames_done": 96,
                    "frames_total": 140,
                }
            ]
        }
    )

    job_id: str
    status: str = Field(description="queued, processing, complete or error")
    state: JobState = Field(description="as in GET /jobs/{job_id}")
    elapsed_time: float | None = Field(default=None, description="seconds; while processing")
    frames_done: int | None = Field(default=None, description="while processing")
    frames_total: int | None = Field(default=None, description="while processing")
    processing_time: float | None = Field(default=None, description="seconds; when complete")
    output_path: str | None = Field(default=None, description="the overlay as the client sees it; when complete")
    error: str | None = Field(default=None, description="when it failed")

    @classmethod
    def of(cls, job: Job, client_path: ClientPath) -> Self:
        """Return the state of ``job``."""
        status = LEGACY_STATUS[job.state]
        if status == "processing":
            return cls(
                job_id=job.id,
                status=status,
                state=job.state,
                elapsed_time=processing_seconds(job),
                frames_done=job.frames_done,
                frames_total=job.frames_total,
            )
        if job.state is JobState.COMPLETED:
            overlay = client_path(job.folder / OVERLAY, job) if job.request.overlay else None
            return cls(
                job_id=job.id,
                status=status,
                state=job.state,
                processing_time=processing_seconds(job),
                output_path=overlay,
            )
        if job.state.final:
            return cls(job_id=job.id, status=status, state=job.state, error=failure(job))
        return cls(job_id=job.id, status=status, state=job.state)


def video_status(state: JobState, spelling: FinalStatus) -> str:
    """Return how ``GET /pose/video/status/{job_id}`` names a state."""
    return LEGACY_STATUS[state] if spelling == "complete" else _OTHER_STATUS[state]


def failure(job: Job) -> str:
    """Return why ``job`` gave no complete result, in one line."""
    if job.state is JobState.CANCELLED:
        return "the job was cancelled"
    if not job.state.final:
        return f"the service is stopping; the job goes on when it is back: GET /jobs/{job.id}"
    return job.reason or "the job failed"


def early_end(job: Job) -> Exception:
    """Return what answers a request whose job gave no complete result before the answer began."""
    if job.state is JobState.FAILED:
        return http_error(500, failure(job))
    if job.state is JobState.CANCELLED:
        return http_error(409, failure(job))
    return http_error(503, failure(job), retry_after=5)


def processing_seconds(job: Job) -> float:
    """Return how long ``job`` has been computed so far, or was; 0 before it began."""
    if job.started_at is None:
        return 0.0
    return round(max((job.completed_at or time.time()) - job.started_at, 0.0), 3)
