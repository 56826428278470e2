"""The older routes of uploads: ``/process_video``, ``/process_video_async``, ``/job_status``, ``/frame``."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

import cv2
import orjson
from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from tracker_service.api.http.errors import http_error, status_of
from tracker_service.api.http.streaming import StreamedAnswer, unless_disconnected
from tracker_service.api.jobs.following import Ended, Event
from tracker_service.api.jobs.job_answers import Accepted, UploadStatus, early_end
from tracker_service.api.jobs.json_document import KEEP_ALIVE
from tracker_service.api.jobs.legacy.result import LegacyDocument
from tracker_service.api.jobs.options import MESH_PARAMETER, RESULT_PARAMETER, flag_of, job_options
from tracker_service.api.jobs.responses import (
    ACCEPTED_RESPONSES,
    FRAME_RESPONSES,
    PROCESSED_RESPONSES,
    UPLOAD_STATUS_RESPONSES,
    VIDEO_FORM,
)
from tracker_service.api.jobs.submission import IdempotencyKey
from tracker_service.api.jobs.video_jobs import ClientOf, VideoJobs, VideoJobsOf
from tracker_service.api.service import ServiceOf
from tracker_service.errors import DamagedResultsError, PhalpTritonError, VideoError, VideoRangeError
from tracker_service.jobs.chunks.whole_files import WholeFiles
from tracker_service.jobs.job import Job, JobState
from tracker_service.results.result_files import OVERLAY
from tracker_service.video.source import Position, open_source

router = APIRouter(tags=["videos"])

_JSON = "application/json"
_QUALITY = 90
_BEHIND_ALL_FRAMES = 2**40
_MOST_DIGITS = 9


@router.post(
    "/process_video_async",
    operation_id="process_video_async",
    summary="Upload a video and queue it",
    responses=ACCEPTED_RESPONSES,
    openapi_extra=VIDEO_FORM,
)
async def process_video_async(
    request: Request, response: Response, videos: VideoJobsOf, client: ClientOf, key: IdempotencyKey = None
) -> Accepted:
    """Queue an uploaded video; the overlay is always drawn."""
    job = await _queued_upload(request, videos, client, key)
    response.headers["Location"] = f"/jobs/{job.id}"
    return Accepted.of(job)


@router.get(
    "/job_status/{job_id}",
    operation_id="job_status",
    summary="State of an uploaded video",
    responses=UPLOAD_STATUS_RESPONSES,
    openapi_extra={"parameters": [RESULT_PARAMETER, MESH_PARAMETER]},
)
async def job_status(request: Request, job_id: str, videos: VideoJobsOf, client: ClientOf) -> Response:
    """Answer with the state; when it is complete, with where the overlay is and with `result`, the main person's poses.

    Pollers append times to defeat caches, so other parameters are ignored.
    """
    with_result, mesh = (flag_of(request, parameter) for parameter in (RESULT_PARAMETER, MESH_PARAMETER))
    job = await videos.get(job_id, client)
    status = UploadStatus.of(job, videos.client_path).model_dump_json(exclude_unset=True)
    if not with_result or job.state is not JobState.COMPLETED:
        return Response(status, media_type=_JSON)
    document = await _result(videos, job, mesh=mesh)
    pieces = document.write(opening=status.encode()[:-1] + b',"result":', closing=b"}")
    return StreamedAnswer(pieces, media_type=_JSON)


@router.post(
    "/process_video",
    operation_id="process_video",
    summary="Upload a video and wait for its result",
    responses=PROCESSED_RESPONSES,
    openapi_extra={**VIDEO_FORM, "parameters": [MESH_PARAMETER]},
)
async def process_video(
    request: Request, videos: VideoJobsOf, client: ClientOf, key: IdempotencyKey = None
) -> Response:
    """Compute an uploaded video and answer `{"status": "success", "data": result}`; the overlay is always drawn.

    Spaces keep the connection alive from a few seconds on; a failure behind them is `{"status": "error", "error": …}`.
    """
    mesh = flag_of(request, MESH_PARAMETER)
    job = await _queued_upload(request, videos, client, key)
    return await _Processing(videos, job, mesh=mesh).begin(request)


@router.get(
    "/frame/{job_id}/{index}",
    operation_id="overlay_frame",
    summary="One frame of the overlay",
    response_class=Response,
    responses=FRAME_RESPONSES,
)
async def overlay_frame(job_id: str, index: str, service: ServiceOf, videos: VideoJobsOf, client: ClientOf) -> Response:
    """Answer with frame `index`, counted from 0, of the overlay as JPEG."""
    job = await videos.get(job_id, client)
    if not (index.isascii() and index.isdigit()) or len(index) > _MOST_DIGITS:
        raise http_error(400, "index: expected the number of a frame, from 0")
    if job.state is not JobState.COMPLETED:
        raise http_error(400, f"expected a complete job, got one that is {job.state}")
    if not job.request.overlay:
        raise http_error(400, "expected a job with an overlay, got one that was queued with overlay=false")
    picture = await service.run_in_thread(_jpeg, WholeFiles(job.folder), int(index))
    return Response(picture, media_type="image/jpeg")


async def _queued_upload(request: Request, videos: VideoJobs, client: str, key: str | None) -> Job:
    async with videos.uploads.receive(request) as upload:
        options = job_options({**upload.fields, "overlay": True}, overlay=True)
        submitted = await videos.submit_upload(upload, client, options, key)
    request.state.log["job"] = submitted.job.id
    return submitted.job


async def _result(videos: VideoJobs, job: Job, *, mesh: bool) -> LegacyDocument:
    frames = await videos.legacy_frames(job, mesh=mesh)
    read = partial(videos.lines, job.id)
    return LegacyDocument(job, read, frames, videos.client_path, videos.answers.result_frames)


class _Processing:
    """The answer to an upload that is computed at once."""

    def __init__(self, videos: VideoJobs, job: Job, *, mesh: bool) -> None:
        self._videos, self._job, self._mesh = videos, job, mesh

    async def begin(self, request: Request) -> Response:
        """Wait for the job's end, or for the first sign of life that has to be sent before it."""
        events = self._videos.follower(self._job).events(_BEHIND_ALL_FRAMES)
        try:
            first = await unless_disconnected(request, anext(events))
        except ClientDisconnect:
            # No client knows the id of this job.
            await self._videos.cancel(self._job.id)
            raise
        if isinstance(first, Ended) and first.job.state is not JobState.COMPLETED:
            raise early_end(first.job)
        headers = {"Content-Location": f"/jobs/{self._job.id}"}
        return StreamedAnswer(self._pieces(first, events), media_type=_JSON, headers=headers)

    async def _pieces(self, first: Event, events: AsyncGenerator[Event, None]) -> AsyncGenerator[bytes, None]:
        last = first
        async with aclosing(events):
            while not isinstance(last, Ended):
                yield KEEP_ALIVE
                last = await anext(events)
        try:
            if last.job.state is not JobState.COMPLETED:
                raise early_end(last.job)
            document = await _result(self._videos, last.job, mesh=self._mesh)
        except (HTTPException, PhalpTritonError) as error:  # the status line was sent long ago
            message = error.detail if isinstance(error, HTTPException) else status_of(error).message or str(error)
            yield orjson.dumps({"status": "error", "error": message})
            return
        async for piece in document.write(opening=b'{"status":"success","data":', closing=b"}"):
            yield piece


def _jpeg(files: WholeFiles, index: int) -> bytes:
    start, end = Position(frame=index), Position(frame=index + 1)
    try:
        with (
            files.open(OVERLAY) as file,
            open_source(f"/dev/fd/{file.fileno()}", start=start, end=end, threads=1) as video,
        ):
            image = next(iter(video)).image
    except FileNotFoundError as error:
        raise http_error(404, f"{OVERLAY}: expected a job that still has its files") from error
    except VideoRangeError as error:
        raise http_error(400, f"index: expected a frame of the video, got {index}, which is behind its end") from error
    except VideoError as error:
        raise DamagedResultsError(f"{OVERLAY}: expected a video as it was written, got a damaged file") from error
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return data.tobytes()
