"""The older routes of asynchronous jobs: ``/process_video_async``, ``/job_status/{id}``, ``/frame/{id}/{index}``."""

from pathlib import Path

import cv2
from fastapi import APIRouter, Request, Response

from tracker_service.api.http.errors import http_error
from tracker_service.api.jobs.job_answers import Accepted, UploadStatus
from tracker_service.api.jobs.options import job_options
from tracker_service.api.jobs.responses import (
    ACCEPTED_RESPONSES,
    FRAME_RESPONSES,
    UPLOAD_STATUS_RESPONSES,
    VIDEO_FORM,
)
from tracker_service.api.jobs.video_jobs import ClientOf, VideoJobsOf
from tracker_service.api.service import ServiceOf
from tracker_service.errors import VideoRangeError
from tracker_service.jobs.job import JobState
from tracker_service.results.result_files import OVERLAY
from tracker_service.video.source import Position, open_source

router = APIRouter(tags=["videos"])

_QUALITY = 90
_MOST_DIGITS = 9


@router.post(
    "/process_video_async",
    operation_id="process_video_async",
    summary="Upload a video and queue it",
    responses=ACCEPTED_RESPONSES,
    openapi_extra=VIDEO_FORM,
)
async def process_video_async(request: Request, response: Response, videos: VideoJobsOf, client: ClientOf) -> Accepted:
    """Queue an uploaded video; the overlay is always drawn."""
    async with videos.uploads.receive(request) as upload:
        options = job_options({**upload.fields, "overlay": True}, overlay=True)
        submitted = await videos.submit_upload(upload, client, options)
    request.state.log["job"] = submitted.job.id
    response.headers["Location"] = f"/jobs/{submitted.job.id}"
    return Accepted.of(submitted.job)


@router.get(
    "/job_status/{job_id}",
    operation_id="job_status",
    summary="State of an uploaded video",
    response_model_exclude_unset=True,
    responses=UPLOAD_STATUS_RESPONSES,
)
async def job_status(job_id: str, videos: VideoJobsOf, client: ClientOf) -> UploadStatus:
    """Answer with the state; when it is complete, with where the overlay is."""
    return UploadStatus.of(await videos.get(job_id, client), videos.client_path)


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
    picture = await service.run_in_thread(_jpeg, job.folder / OVERLAY, int(index))
    return Response(picture, media_type="image/jpeg")


def _jpeg(overlay: Path, index: int) -> bytes:
    try:
        with open_source(overlay, start=Position(frame=index), end=Position(frame=index + 1), threads=1) as video:
            image = next(iter(video)).image
    except VideoRangeError as error:
        raise http_error(400, f"index: expected a frame of the video, got {index}, which is behind its end") from error
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return data.tobytes()
