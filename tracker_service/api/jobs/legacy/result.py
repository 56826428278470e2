"""The result of a complete job in the shape of the older service, streamed."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from anyio import to_thread
from pydantic import BaseModel, ConfigDict, Field

from tracker_service.api.http.errors import status_of
from tracker_service.api.jobs.following import LINES_AT_ONCE
from tracker_service.api.jobs.job_answers import ClientPath, UploadStatus, processing_seconds
from tracker_service.api.jobs.legacy.frames import LegacyFrames
from tracker_service.jobs.job import Job
from tracker_service.results.person_json import Record
from tracker_service.results.result_files import OVERLAY, TRACKS

ReadLines = Callable[[int, int], Awaitable[list[bytes]]]
"""Returns stored lines: from which on, and how many at most."""

_MIB = 1024 * 1024
_DIGITS = 6
_logger = logging.getLogger(__name__)


class VideoFigures(BaseModel):
    """What is known of a video from its first and its last frame."""

    fps: float | None = Field(description="null for a single frame")
    resolution: tuple[int, int] | None = Field(description="width and height of the first frame")
    video_duration: float = Field(description="seconds")


class LegacyResultHead(VideoFigures):
    """The result without its lists."""

    status: str = "success"
    output_path: str | None = Field(description="the overlay as the client sees it, null without one")
    pkl_path: str
    video_path: str
    total_frames: int
    processed_frames: int
    processing_time_seconds: float
    output_size_mb: float | None
    message: str | None = Field(default=None, description="where the frames are, if they are too many for this answer")


class LegacyResult(LegacyResultHead):
    """The result of a complete job; see docs/http.md."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "success",
                    "output_path": "/shared/jobs/3f1c/overlay.mp4",
                    "pkl_path": "/shared/jobs/3f1c/tracks.pkl",
                    "video_path": "clip.mov",
                    "total_frames": 140,
                    "processed_frames": 140,
                    "fps": 25.0,
                    "resolution": [1920, 1080],
                    "video_duration": 5.6,
                    "processing_time_seconds": 41.2,
                    "output_size_mb": 6.1,
                    "frames": [{"frameNumber": 0, "timestamp": 0.0, "personId": 1, "has3D": True}],
                    "pose_timeline": [{"frameNumber": 0, "timestamp": 0.0, "personId": 1, "has3D": True}],
                    "frame_acceptance": [
                        {"frame_index": 0, "has_mesh": True, "original_frame_number": 0, "timestamp": 0.0}
                    ],
                }
            ]
        }
    )

    frames: list[dict[str, Any]] = Field(description="one record a frame, of the main person")
    pose_timeline: list[dict[str, Any]] = Field(description="`frames` without meshes")
    frame_acceptance: list[dict[str, Any]]


class UploadStatusAnswer(UploadStatus):
    """State of an upload, with the result of a complete one."""

    result: LegacyResult | None = Field(default=None, description="when complete, unless result=false")


class Processed(BaseModel):
    """The answer to an upload that was waited for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "error", "error": "the job failed"}]})

    status: str = Field(description="success, or error when the job failed after the answer had begun")
    data: LegacyResult | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class LegacyDocument:
    """Writes the result of a complete job.

    Attributes:
        job: the job.
        read: reads its lines.
        frames: makes the records.
        client_path: names result files.
        most_frames: frames up to which the lists are sent.
    """

    job: Job
    read: ReadLines
    frames: LegacyFrames
    client_path: ClientPath
    most_frames: int

    async def write(self, opening: bytes = b"", closing: bytes = b"") -> AsyncGenerator[bytes, None]:
        """Yield the JSON object piece by piece between ``opening`` and ``closing``; it ends as valid JSON in any case.

        Raises:
            JobNotFoundError: the job was deleted before the first piece.
        """
        head = await self._head()
        yield opening + head.model_dump_json(exclude_unset=False, exclude_none=False).encode()[:-1] + b',"frames":['
        end: dict[str, Any] = {}
        try:
            if head.message is None:
                async for piece in self._records(self.frames):
                    yield piece
            yield b'],"pose_timeline":['
            if head.message is None:
                async for piece in self._records(replace(self.frames, mesh=False, acceptance=[])):
                    yield piece
            end = {"frame_acceptance": self.frames.acceptance}
        except Exception as error:  # the status line was sent long ago
            _logger.exception("a job's result was cut short")
            end = {"frame_acceptance": [], "error": status_of(error).message or str(error)}
        yield b"]," + orjson.dumps(end)[1:] + closing

    async def _head(self) -> LegacyResultHead:
        job, total = self.job, self.job.frames_done
        figures = await video_figures(self.read, total)
        overlay = job.folder / OVERLAY if job.request.overlay else None
        return LegacyResultHead(
            **figures.model_dump(),
            output_path=None if overlay is None else self.client_path(overlay, job),
            pkl_path=self.client_path(job.folder / TRACKS, job),
            video_path=job.request.shown_source,
            total_frames=total,
            processed_frames=total,
            processing_time_seconds=processing_seconds(job),
            output_size_mb=None if overlay is None else await to_thread.run_sync(_mebibytes, overlay),
            message=too_long(job, self.most_frames),
        )

    async def _records(self, frames: LegacyFrames) -> AsyncGenerator[bytes, None]:
        start = 0
        while lines := await self.read(start, LINES_AT_ONCE):
            for row, line in enumerate(lines, start):
                yield (b"," if row else b"") + await to_thread.run_sync(frames.apply, line)
            start += len(lines)


def too_long(job: Job, most_frames: int) -> str | None:
    """Return what tells a client where to read the frames of a job that are too many for one JSON document."""
    if job.frames_done <= most_frames:
        return None
    return (
        f"{job.frames_done} frames are more than the {most_frames} that one JSON answer holds:"
        f" read GET /jobs/{job.id}/results with Accept: application/x-ndjson, which streams them"
    )


async def video_figures(read: ReadLines, frames: int) -> VideoFigures:
    """Return the figures of a video of which ``frames`` lines are stored."""
    if not (found := await read(0, 1)):
        return VideoFigures(fps=None, resolution=None, video_duration=0.0)
    first: Record = orjson.loads(found[0])
    last: Record = orjson.loads((await read(frames - 1, 1) or found)[0])
    seconds = last["timestamp"] - first["timestamp"]
    fps = (frames - 1) / seconds if seconds > 0 else None
    return VideoFigures(
        fps=None if fps is None else round(fps, 3),
        resolution=(first["frame_width"], first["frame_height"]),
        video_duration=round(seconds + (1 / fps if fps else 0.0), _DIGITS),
    )


def _mebibytes(path: Path) -> float | None:
    try:
        return round(path.stat().st_size / _MIB, 3)
    except OSError:
        return None
