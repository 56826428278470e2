"""``POST /pose/video`` and ``GET /pose/video/status/{job_id}``."""

from collections.abc import AsyncGenerator

import orjson
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from tracker_service.api.frames.shape import FieldChoice, FrameShape
from tracker_service.api.http.errors import refusal
from tracker_service.api.http.streaming import GrowingResponse, unless_gone
from tracker_service.api.jobs.document import JobDocument
from tracker_service.api.jobs.following import Ended, Event
from tracker_service.api.jobs.video_jobs import ClientOf, Submitted, VideoJobs, VideoJobsOf
from tracker_service.api.jobs.video_options import (
    FieldsQuery,
    JobOptions,
    MeshQuery,
    OnDisconnectQuery,
    video_path_of,
)
from tracker_service.api.jobs.video_schemas import (
    POSE_VIDEO_RESPONSES,
    STATUS_RESPONSES,
    VIDEO_BODY,
)
from tracker_service.api.jobs.views import (
    Queued,
    failure,
    pose_video_head,
    pose_video_status,
    pose_video_tail,
)
from tracker_service.jobs.job import Job, JobState

router = APIRouter(tags=["videos"])

_JSON = "application/json"


@router.post(
    "/pose/video",
    operation_id="pose_video",
    summary="All frames of a video",
    responses=POSE_VIDEO_RESPONSES,
    openapi_extra=VIDEO_BODY,
)
async def pose_video(
    request: Request,
    videos: VideoJobsOf,
    client: ClientOf,
    mesh: MeshQuery = None,
    fields: FieldsQuery = None,
    on_disconnect: OnDisconnectQuery = "continue",
) -> Response:
    """Track the people of a video: 200 with the frames as they become final, or 202 with the id of a queued job.

    202 comes when other videos are computed first, or when asked for with `Prefer: respond-async`. The answer of 200
    begins with the first frame or after a few seconds; spaces keep the connection busy where nothing else comes, and a
    failure after the beginning ends the document with `"status": "error"`.
    """
    choice = FieldChoice.of_query(fields, mesh=mesh, mesh_by_default=True)
    shape = await videos.shape(choice)
    submitted = await submit_from(request, videos, client, overlay=False)
    job = submitted.job
    if submitted.waits or prefers_async(request):
        return queued(job, applied=not submitted.waits)
    answer = _GrowingAnswer(videos, job, shape, cancels=on_disconnect == "cancel")
    return await answer.begin(request)


@router.get(
    "/pose/video/status/{job_id}",
    operation_id="pose_video_status",
    summary="State of a video job, with its result once it is complete",
    responses=STATUS_RESPONSES,
)
async def pose_video_status_route(
    job_id: str,
    videos: VideoJobsOf,
    client: ClientOf,
    result: bool = True,
    mesh: MeshQuery = None,
    fields: FieldsQuery = None,
) -> Response:
    """Answer with the state; `result` is what `POST /pose/video` would have answered, null before the end."""
    choice = FieldChoice.of_query(fields, mesh=mesh, mesh_by_default=True)
    job = await videos.get(job_id, client)
    status = pose_video_status(job)
    if not result or job.state is not JobState.COMPLETED:
        return Response(orjson.dumps({**status, "result": None}), media_type=_JSON)
    document = JobDocument(
        head=pose_video_head(job),
        tail=pose_video_tail(videos.shown),
        shape=await videos.shape(choice),
        opening=orjson.dumps(status)[:-1] + b',"result":',
        closing=b"}",
    )
    return GrowingResponse(document.write(videos.follower(job).events()), media_type=_JSON)


async def submit_from(request: Request, videos: VideoJobs, client: str, *, overlay: bool) -> Submitted:
    """Queue what a request brings: a JSON body that names a video, or a form that holds one."""
    submitted = await _submitted(request, videos, client, overlay=overlay)
    request.state.log["job"] = submitted.job.id
    return submitted


async def _submitted(request: Request, videos: VideoJobs, client: str, *, overlay: bool) -> Submitted:
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        async with videos.uploads.receive(request) as upload:
            return await videos.submit_upload(upload, client, JobOptions.of(upload.fields, overlay=overlay))
    path, sent = video_path_of(await request.body())
    return await videos.submit_path(path, client, JobOptions.of(sent, overlay=overlay))


def prefers_async(request: Request) -> bool:
    """Tell whether the client asked for ``respond-async`` (RFC 7240)."""
    preferences = ",".join(request.headers.getlist("prefer")).split(",")
    return any(preference.split(";")[0].strip().lower() == "respond-async" for preference in preferences)


def queued(job: Job, *, applied: bool) -> Response:
    """Return 202 for a job that waits; ``applied`` says that the client's preference made it so."""
    headers = {"Location": f"/jobs/{job.id}"}
    if applied:
        headers["Preference-Applied"] = "respond-async"
    return Response(Queued.of(job).model_dump_json(), 202, headers, _JSON)


class _GrowingAnswer:
    """The answer to a video that is computed at once."""

    def __init__(self, videos: VideoJobs, job: Job, shape: FrameShape, *, cancels: bool) -> None:
        self._videos = videos
        self._job = job
        self._cancels = cancels
        self._document = JobDocument(pose_video_head(job), pose_video_tail(videos.shown), shape)

    async def begin(self, request: Request) -> Response:
        """Wait for the first sign of the job, and only then decide for 200."""
        events = self._videos.follower(self._job).events()
        try:
            first = await unless_gone(request, anext(events))
        except ClientDisconnect:
            # Nobody has been told the id of this job.
            await self._videos.cancel(self._job.id)
            raise
        if isinstance(first, Ended) and first.job.state is not JobState.COMPLETED:
            raise _early_end(first.job)
        return GrowingResponse(
            self._document.write(_again(first, events)),
            media_type=_JSON,
            headers={"Content-Location": f"/jobs/{self._job.id}"},
            hang_up=self._hang_up,
        )

    async def _hang_up(self) -> None:
        if self._cancels and not self._videos.stopping:
            await self._videos.cancel(self._job.id)


def _early_end(job: Job) -> Exception:
    if job.state is JobState.FAILED:
        return refusal(500, failure(job))
    if job.state is JobState.CANCELLED:
        return refusal(409, failure(job))
    return refusal(503, failure(job), retry_after=5)


async def _again(first: Event, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    yield first
    async for event in events:
        yield event
