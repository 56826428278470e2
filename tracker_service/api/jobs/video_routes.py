"""``POST /pose/video`` and ``GET /pose/video/status/{job_id}``."""

import math
from collections.abc import AsyncGenerator
from dataclasses import replace
from functools import partial

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from tracker_service.api.http.streaming import StreamedAnswer, unless_disconnected
from tracker_service.api.jobs.document_answers import (
    VideoAnswerEnd,
    VideoStatus,
    document_head,
    video_answer_end,
    video_result_end,
)
from tracker_service.api.jobs.following import Ended, Event
from tracker_service.api.jobs.frame_fields import FieldChoice, FrameFormat, MeshAllowance
from tracker_service.api.jobs.job_answers import early_end
from tracker_service.api.jobs.json_document import DocumentStatistics, JobDocument
from tracker_service.api.jobs.legacy.result import too_long, video_figures
from tracker_service.api.jobs.options import (
    FieldsQuery,
    MeshQuery,
    OnDisconnectQuery,
)
from tracker_service.api.jobs.responses import (
    POSE_VIDEO_RESPONSES,
    STATUS_RESPONSES,
    VIDEO_BODY,
)
from tracker_service.api.jobs.submission import IdempotencyKey, prefers_async, queued_response, submit
from tracker_service.api.jobs.video_jobs import ClientOf, VideoJobs, VideoJobsOf, meshes_elsewhere
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
    key: IdempotencyKey = None,
    mesh: MeshQuery = None,
    fields: FieldsQuery = None,
    on_disconnect: OnDisconnectQuery = "continue",
) -> Response:
    """Track the people of a video: 200 with the frames as they become final, or 202 with the id of a queued job.

    202 comes when other videos are computed first, or when asked for with `Prefer: respond-async`. The answer of 200
    begins with the first frame or after a few seconds; spaces keep the connection alive while there is no frame, and a
    failure after the beginning ends the document with `"status": "error"`. Without `mesh`, there are no meshes beyond
    `limits.meshes`: none in videos of more frames, and none from the frame on that has one too many; `message` says so.
    """
    choice = FieldChoice.of_query(fields, mesh=mesh, mesh_by_default=True)
    frame_format = await videos.frame_format(choice)
    submitted = await submit(request, videos, client, key, overlay=False)
    job = submitted.job
    if submitted.waits or prefers_async(request):
        return queued_response(job, applied=not submitted.waits)
    if fields is None and mesh is None:
        most = videos.limits.meshes
        allowance = MeshAllowance(most, ended=(job.frames_total or math.inf) > most)
        frame_format = replace(frame_format, allowance=allowance)
    answer = _VideoAnswerStream(videos, job, frame_format, cancels=on_disconnect == "cancel")
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
    """Answer with the state; `result`, null before the end, has the frames as `POST /pose/video` gives them.

    Without `fields` each frame also has what the older service's records had, of the main person: `frameNumber`,
    `keypoints`, `joints3D`, `jointAngles` …; `mesh=true` adds meshes.
    """
    choice = FieldChoice.of_query(fields, mesh=mesh, mesh_by_default=False)
    job = await videos.get(job_id, client)
    status = VideoStatus.of(job, videos.answers.video_status)
    if result and job.state is JobState.COMPLETED and (message := too_long(job, videos.answers.result_frames)):
        status.message, result = message, False
    if not result or job.state is not JobState.COMPLETED:
        return Response(status.model_dump_json(exclude_unset=True), media_type=_JSON)
    frames = await videos.legacy_frames(job, mesh=choice.mesh, persons=True)
    figures = await video_figures(partial(videos.lines, job.id), job.frames_done)
    opening = status.model_dump_json(exclude_unset=True, exclude={"result"}).encode()
    document = JobDocument(
        head=document_head(job),
        tail=partial(video_result_end, client_path=videos.client_path, figures=figures, frames=frames),
        frame_format=frames if fields is None else await videos.frame_format(choice),
        opening=opening[:-1] + b',"result":',
        closing=b"}",
    )
    return StreamedAnswer(document.write(videos.follower(job).events()), media_type=_JSON)


class _VideoAnswerStream:
    """The streamed answer to a video that is computed at once."""

    def __init__(self, videos: VideoJobs, job: Job, frame_format: FrameFormat, *, cancels: bool) -> None:
        self._videos = videos
        self._job = job
        self._cancels = cancels
        self._allowance = frame_format.allowance
        self._document = JobDocument(document_head(job), self._end, frame_format)

    async def begin(self, request: Request) -> Response:
        """Wait for the first event of the job, which decides the status."""
        events = self._videos.follower(self._job).events()
        try:
            first = await unless_disconnected(request, anext(events))
        except ClientDisconnect:
            # No client knows the id of this job.
            await self._videos.cancel(self._job.id)
            raise
        if isinstance(first, Ended) and first.job.state is not JobState.COMPLETED:
            raise early_end(first.job)
        return StreamedAnswer(
            self._document.write(_with_first(first, events)),
            media_type=_JSON,
            headers={"Content-Location": f"/jobs/{self._job.id}"},
            on_disconnect=self._on_disconnect,
        )

    def _end(self, job: Job, statistics: DocumentStatistics) -> VideoAnswerEnd:
        message = None
        if self._allowance.ended:
            most = self._videos.limits.meshes
            message = meshes_elsewhere(job.id, f"to be asked for where a video may have more than {most} of them")
        return video_answer_end(job, statistics, client_path=self._videos.client_path, message=message)

    async def _on_disconnect(self) -> None:
        if self._cancels and not self._videos.stopping:
            await self._videos.cancel(self._job.id)


async def _with_first(first: Event, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    yield first
    async for event in events:
        yield event
