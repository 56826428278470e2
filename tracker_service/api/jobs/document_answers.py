"""The answers that hold frames: how they begin, what a frame is, and how they end."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from tracker_service.api.answer_parameters import FinalStatus
from tracker_service.api.http.person_schemas import CalibrationFields, CameraMotionFields, Person
from tracker_service.api.jobs.job_answers import (
    EXAMPLE_ID,
    FAILED_STATES,
    ClientPath,
    failure,
    processing_seconds,
    video_status,
)
from tracker_service.api.jobs.json_document import DocumentStatistics
from tracker_service.api.jobs.legacy.frames import LegacyFrames
from tracker_service.api.jobs.legacy.result import VideoFigures
from tracker_service.jobs.job import Job, JobState
from tracker_service.results.result_files import OVERLAY, TRACKS

_FRAME: dict[str, Any] = {
    "frame_number": 0,
    "timestamp": 0.0,
    "frame_width": 1920,
    "frame_height": 1080,
    "shot": False,
    "dropped": {"low_score": 43, "small": 0, "absent": 0, "duplicate": 0},
    "camera_motion": {"matrix": [[1.0, 0.0, -6.5], [0.0, 1.0, 1.25], [0.0, 0.0, 1.0]], "confidence": 0.93},
    "calibration": {"focal_length": 1560.0, "source": "metadata"},
    "persons": [],
}


class DocumentHead(BaseModel):
    """How a document of frames begins."""

    job_id: str
    video_path: str


class VideoFrame(BaseModel):
    """One frame; there is exactly one for every frame of the video."""

    frame_number: int
    timestamp: float = Field(description="seconds since the first frame")
    frame_width: int
    frame_height: int
    shot: bool = Field(description="true on the first frame of a new shot")
    dropped: dict[str, int] = Field(description="boxes that each gate removed")
    camera_motion: CameraMotionFields | None = Field(
        description="how the camera moved since the frame before; null where it was not followed"
    )
    calibration: CalibrationFields | None = Field(
        default=None, description="null where the focal length is not known; absent in results of earlier versions"
    )
    persons: list[Person]


class DocumentFrames(BaseModel):
    """The middle of a document of frames."""

    frames: list[VideoFrame]


class VideoAnswerEnd(BaseModel):
    """How the result of a video ends; ``error`` only with status error."""

    status: str = Field(description="success; error when the job failed after the answer had begun")
    error: str | None = Field(default=None, description="why, with status error")
    pkl_path: str | None = Field(description="as the client sees it, else a path of this API")
    total_frames: int
    processing_time_seconds: float
    parsing_time_seconds: float
    message: str | None = Field(default=None, description="where the meshes are, if they were left out of a long video")


class VideoAnswer(VideoAnswerEnd, DocumentFrames, DocumentHead):
    """The result of a video."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "job_id": EXAMPLE_ID,
                    "video_path": r"C:\Users\me\clip.mov",
                    "frames": [_FRAME],
                    "status": "success",
                    "pkl_path": rf"C:\Users\me\jobs\{EXAMPLE_ID}\tracks.pkl",
                    "total_frames": 140,
                    "processing_time_seconds": 41.2,
                    "parsing_time_seconds": 0.4,
                }
            ]
        }
    )


class ResultsPageEnd(BaseModel):
    """How a page of results ends; ``error`` only for a failed or cancelled job."""

    status: str = Field(description="the job's state")
    start: int = Field(serialization_alias="from")
    next: int = Field(description="where the next part begins")
    frames_done: int
    frames_total: int | None
    error: str | None = Field(default=None, description="why, for a failed or cancelled job")


class ResultsPage(ResultsPageEnd, DocumentFrames, DocumentHead):
    """Some of a job's frames."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "job_id": EXAMPLE_ID,
                    "video_path": "/shared/videos/clip.mov",
                    "frames": [_FRAME],
                    "status": "running",
                    "from": 0,
                    "next": 1,
                    "frames_done": 1,
                    "frames_total": 140,
                }
            ]
        }
    )


class VideoStatus(BaseModel):
    """State of a video job in the older spelling; ``error`` only for a failed or cancelled job."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "job_id": EXAMPLE_ID,
                    "status": "processing",
                    "state": "running",
                    "video_path": r"C:\Users\me\clip.mov",
                    "queued_at": 1763730000.25,
                    "started_at": 1763730001.5,
                    "completed_at": None,
                    "queue_position": 0,
                    "frames_done": 96,
                    "frames_total": 140,
                    "result": None,
                }
            ]
        }
    )

    job_id: str
    status: str = Field(description="queued, processing, complete or error; see the setting api.video_status")
    state: JobState = Field(description="as in GET /jobs/{job_id}")
    video_path: str
    queued_at: float
    started_at: float | None
    completed_at: float | None
    queue_position: int
    frames_done: int
    frames_total: int | None
    error: str | None = None
    message: str | None = Field(default=None, description="where the frames are, if they are too many for this answer")
    result: VideoAnswer | None = Field(description="when complete, unless result=false")

    @classmethod
    def of(cls, job: Job, spelling: FinalStatus) -> Self:
        """Return the state of ``job`` without the result."""
        status = cls(
            job_id=job.id,
            status=video_status(job.state, spelling),
            state=job.state,
            video_path=job.request.shown_source,
            queued_at=job.queued_at,
            started_at=job.started_at,
            completed_at=job.completed_at,
            queue_position=job.queue_position,
            frames_done=job.frames_done,
            frames_total=job.frames_total,
            result=None,
        )
        if job.state in FAILED_STATES:
            status.error = failure(job)
        return status


class VideoResultEnd(VideoAnswerEnd, VideoFigures):
    """How the result in a status ends: as `VideoAnswerEnd`, and what the older service's result had."""

    output_path: str | None
    frame_acceptance: list[dict[str, Any]]


def document_head(job: Job) -> DocumentHead:
    """Return how a document of the frames of ``job`` begins."""
    return DocumentHead(job_id=job.id, video_path=job.request.shown_source)


def video_answer_end(
    job: Job, statistics: DocumentStatistics, *, client_path: ClientPath, message: str | None = None
) -> VideoAnswerEnd:
    """Return how the result of ``job``, which has ended, ends; ``message``: what else the client should know."""
    complete = job.state is JobState.COMPLETED
    end = VideoAnswerEnd(
        status="success" if complete else "error",
        pkl_path=client_path(job.folder / TRACKS, job) if complete else None,
        total_frames=statistics.frames,
        processing_time_seconds=processing_seconds(job),
        parsing_time_seconds=round(statistics.seconds, 3),
    )
    if not complete:
        end.error = failure(job)
    if message is not None:
        end.message = message
    return end


def video_result_end(
    job: Job, statistics: DocumentStatistics, *, client_path: ClientPath, figures: VideoFigures, frames: LegacyFrames
) -> VideoResultEnd:
    """Return how the result in the status of ``job``, which is complete, ends."""
    end = video_answer_end(job, statistics, client_path=client_path)
    return VideoResultEnd(
        **end.model_dump(exclude_unset=True),
        **figures.model_dump(),
        output_path=client_path(job.folder / OVERLAY, job) if job.request.overlay else None,
        frame_acceptance=frames.acceptance,
    )


def results_page_end(job: Job, statistics: DocumentStatistics, *, start: int) -> ResultsPageEnd:
    """Return how a page of results ends whose first frame is ``start``."""
    end = ResultsPageEnd(
        status=job.state,
        start=start,
        next=start + statistics.frames,
        frames_done=job.frames_done,
        frames_total=job.frames_total,
    )
    if job.state in FAILED_STATES:
        end.error = failure(job)
    return end
