"""Jobs as clients see them: the new resource and the two older spellings."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from tracker_service.api.jobs.json_document import DocumentStatistics
from tracker_service.jobs.job import Job, JobState
from tracker_service.pipeline.outputs import OVERLAY, TRACKS

Shown: TypeAlias = Callable[[Path, Job], str]
"""Gives the name by which the job's client can get a result file."""

_STATUS = {
    JobState.QUEUED: "queued",
    JobState.RUNNING: "processing",
    JobState.PAUSED: "processing",
    JobState.COMPLETED: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "failed",
}
_ASYNC_STATUS = {**_STATUS, JobState.COMPLETED: "complete", JobState.FAILED: "error", JobState.CANCELLED: "error"}


_ID = "3f1c9a52e8b04d7796a1c05de2f4b873"
_EXAMPLE: dict[str, Any] = {
    "job_id": _ID,
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
        "self": f"/jobs/{_ID}",
        "results": f"/jobs/{_ID}/results",
        "events": f"/jobs/{_ID}/events",
        "tracks": None,
        "overlay": None,
    },
}


class JobLinks(BaseModel):
    """Where a job's parts are; a file that is not there (yet) is null."""

    self: str
    results: str
    events: str
    tracks: str | None
    overlay: str | None


class JobView(BaseModel):
    """A job."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    job_id: str
    state: JobState
    video_path: str = Field(description="as the client named it; the file's name for an upload")
    queued_at: float = Field(description="unix seconds")
    started_at: float | None
    completed_at: float | None
    queue_position: int = Field(description="jobs in front of it")
    frames_done: int = Field(description="frames whose results can be read")
    frames_total: int | None = Field(description="about how many there are; null if nothing tells")
    attempts: int = Field(description="times that computing was started")
    reason: str | None = Field(description="why it failed, was cancelled or is paused")
    max_frames: int | None
    refine: bool
    priority: int
    links: JobLinks

    @classmethod
    def of(cls, job: Job) -> "JobView":
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
    """A job that waits for its turn."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "queued",
                    "job_id": _ID,
                    "message": f"poll /pose/video/status/{_ID}",
                    "queue_position": 1,
                }
            ]
        }
    )

    status: str = "queued"
    job_id: str
    message: str
    queue_position: int = Field(description="jobs in front of it")

    @classmethod
    def of(cls, job: Job) -> "Queued":
        """Return the answer to the request that queued ``job``."""
        message = f"poll /pose/video/status/{job.id}"
        return cls(job_id=job.id, message=message, queue_position=job.queue_position)


def pose_video_head(job: Job) -> Mapping[str, Any]:
    """Return how the answer of ``POST /pose/video`` begins."""
    return {"job_id": job.id, "video_path": job.request.shown_source}


def pose_video_tail(shown: Shown) -> Callable[[Job, DocumentStatistics], Mapping[str, Any]]:
    """Return what gives the end of the answer of ``POST /pose/video``."""

    def tail(job: Job, statistics: DocumentStatistics) -> Mapping[str, Any]:
        complete = job.state is JobState.COMPLETED
        outcome = {"status": "success"} if complete else {"status": "error", "error": failure(job)}
        return {
            **outcome,
            "pkl_path": shown(job.folder / TRACKS, job) if complete else None,
            "total_frames": statistics.frames,
            "processing_time_seconds": _seconds(job),
            "parsing_time_seconds": round(statistics.seconds, 3),
        }

    return tail


def pose_video_status(job: Job) -> dict[str, Any]:
    """Return the answer of ``GET /pose/video/status/{job_id}``, without the result of a completed job."""
    status = {
        "job_id": job.id,
        "status": _STATUS[job.state],
        "video_path": job.request.shown_source,
        "queued_at": job.queued_at,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
        "queue_position": job.queue_position,
        "frames_done": job.frames_done,
        "frames_total": job.frames_total,
    }
    if job.state in (JobState.FAILED, JobState.CANCELLED):
        status["error"] = failure(job)
    return status


def job_status(job: Job, shown: Shown) -> dict[str, Any]:
    """Return the answer of ``GET /job_status/{job_id}``."""
    status: dict[str, Any] = {"job_id": job.id, "status": _ASYNC_STATUS[job.state]}
    if status["status"] == "processing":
        status["elapsed_time"] = _seconds(job)
        status["frames_done"], status["frames_total"] = job.frames_done, job.frames_total
    elif job.state is JobState.COMPLETED:
        output = shown(job.folder / OVERLAY, job) if job.request.overlay else None
        status["processing_time"] = _seconds(job)
        status["output_path"] = output
        status["result"] = {
            "status": "success",
            "output_path": output,
            "pkl_path": shown(job.folder / TRACKS, job),
            "video_path": job.request.shown_source,
            "total_frames": job.frames_done,
        }
    elif job.state.final:
        status["error"] = failure(job)
    return status


def failure(job: Job) -> str:
    """Return why ``job`` gave no complete result, in one line."""
    if job.state is JobState.CANCELLED:
        return "the job was cancelled"
    if not job.state.final:
        return f"the service is stopping; the job goes on when it is back: GET /jobs/{job.id}"
    return job.reason or "the job failed"


def _seconds(job: Job) -> float:
    if job.started_at is None:
        return 0.0
    return round(max((job.completed_at or time.time()) - job.started_at, 0.0), 3)
