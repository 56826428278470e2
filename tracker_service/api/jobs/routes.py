"""``/jobs``: the resource of new clients."""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import FileResponse

from tracker_service.api.http.errors import http_error
from tracker_service.api.http.streaming import StreamedAnswer
from tracker_service.api.jobs.document_answers import document_head, results_page_end
from tracker_service.api.jobs.frame_fields import FieldChoice
from tracker_service.api.jobs.job_answers import FAILED_STATES, JobList, JobView
from tracker_service.api.jobs.job_file import job_file_response
from tracker_service.api.jobs.json_document import JobDocument
from tracker_service.api.jobs.options import FieldsQuery, MeshQuery
from tracker_service.api.jobs.responses import (
    DELETE_RESPONSES,
    EVENTS_RESPONSES,
    JOB_RESPONSES,
    LIST_RESPONSES,
    OVERLAY_RESPONSES,
    RESULTS_RESPONSES,
    RESUME_RESPONSES,
    SUBMITTED_RESPONSES,
    SUMMARY_RESPONSES,
    TRACKS_RESPONSES,
    VIDEO_BODY,
)
from tracker_service.api.jobs.streams import event_id, frame_lines, progress_events
from tracker_service.api.jobs.submission import IdempotencyKey, queued_response, submit
from tracker_service.api.jobs.video_jobs import ClientOf, VideoJobs, VideoJobsOf
from tracker_service.errors import JobNotFoundError
from tracker_service.jobs.job import Job, JobState
from tracker_service.results.result_files import OVERLAY, REPORT, TRACKS

router = APIRouter(prefix="/jobs", tags=["jobs"])

_LARGEST = 10**9
_NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
From = Annotated[int, Query(alias="from", ge=0, le=_LARGEST, description="first frame, counted from 0")]


@router.post(
    "",
    operation_id="create_job",
    summary="Queue a video",
    status_code=202,
    responses=SUBMITTED_RESPONSES,
    openapi_extra=VIDEO_BODY,
)
async def create_job(request: Request, videos: VideoJobsOf, client: ClientOf, key: IdempotencyKey = None) -> Response:
    """Queue a video by path or upload, as `POST /pose/video` does with `Prefer: respond-async`."""
    submitted = await submit(request, videos, client, key, overlay=True)
    return queued_response(submitted.job, applied=False)


@router.get("", operation_id="list_jobs", summary="The jobs", response_model=JobList, responses=LIST_RESPONSES)
async def list_jobs(
    videos: VideoJobsOf,
    client: ClientOf,
    state: JobState | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    """Answer with jobs, newest first; with API keys only with those of the own key."""

    def answer(found: list[Job]) -> bytes:
        more = len(found) > offset + limit
        query = {"offset": offset + limit, "limit": limit, **({} if state is None else {"state": state.value})}
        jobs = [JobView.of(job) for job in found[offset : offset + limit]]
        return JobList(jobs=jobs, next=f"/jobs?{urlencode(query)}" if more else None).model_dump_json().encode()

    content = await videos.newest(client, state=state, limit=offset + limit + 1, answer=answer)
    return Response(content, media_type="application/json")


@router.get("/{job_id}", operation_id="get_job", summary="A job", response_model=JobView, responses=JOB_RESPONSES)
async def get_job(job_id: str, videos: VideoJobsOf, client: ClientOf) -> JobView:
    """Answer with the job's state and links to its parts."""
    return JobView.of(await videos.get(job_id, client))


@router.delete(
    "/{job_id}",
    operation_id="delete_job",
    summary="Cancel or delete a job",
    response_model=JobView,
    responses=DELETE_RESPONSES,
)
async def delete_job(job_id: str, videos: VideoJobsOf, client: ClientOf) -> Any:
    """Cancel a job that is not final (200, the job), or delete a final one with all of its files (204)."""
    job = await videos.get(job_id, client)
    if not job.state.final:
        return JobView.of(await videos.cancel(job_id))
    await videos.delete(job_id)
    return Response(status_code=204)


@router.post(
    "/{job_id}/resume",
    operation_id="resume_job",
    summary="Resume a job",
    status_code=202,
    response_model=JobView,
    responses=RESUME_RESPONSES,
)
async def resume_job(job_id: str, videos: VideoJobsOf, client: ClientOf) -> JobView:
    """Queue a failed or cancelled job again; it goes on where its results end."""
    job = await videos.get(job_id, client)
    if job.state not in FAILED_STATES:
        raise http_error(409, f"expected a failed or cancelled job, got one that is {job.state}")
    return JobView.of(await videos.resume(job_id))


@router.get("/{job_id}/results", operation_id="job_results", summary="Its frames", responses=RESULTS_RESPONSES)
async def job_results(
    job_id: str,
    videos: VideoJobsOf,
    client: ClientOf,
    accept: Annotated[str, Header()] = "*/*",
    start: From = 0,
    limit: Annotated[int | None, Query(ge=1, le=_LARGEST, description="most frames; JSON only")] = None,
    mesh: MeshQuery = None,
    fields: FieldsQuery = None,
) -> Response:
    """Answer with the frames from `from` on.

    With `Accept: application/x-ndjson` one frame a line, following a job that runs until it ends; empty lines keep the
    connection alive, and a last line with `error` says that the job failed. Otherwise one JSON document of the frames
    that are there now.
    """
    choice = FieldChoice.of_query(fields, mesh=mesh, mesh_by_default=False)
    job, frame_format = await videos.get(job_id, client), await videos.frame_format(choice)
    follower = videos.follower(job)
    if any(kind in accept.lower() for kind in _NDJSON):
        return StreamedAnswer(frame_lines(follower.events(start), frame_format), media_type=_NDJSON[0])
    document = JobDocument(document_head(job), partial(results_page_end, start=start), frame_format)
    events = follower.snapshot(start, _LARGEST if limit is None else limit)
    return StreamedAnswer(document.write(events), media_type="application/json")


@router.get(
    "/{job_id}/events",
    operation_id="job_events",
    summary="Its progress",
    response_class=Response,
    responses=EVENTS_RESPONSES,
)
async def job_events(
    job_id: str,
    videos: VideoJobsOf,
    client: ClientOf,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Answer with server-sent events: `progress` whenever something changed, at last `end`; data is the job."""
    job = await videos.get(job_id, client)
    if job.state.final and last_event_id == event_id(job):
        return Response(status_code=204)
    events = progress_events(job, partial(videos.get, job_id, client), last_id=last_event_id)
    return StreamedAnswer(_until_closed(events, videos), media_type="text/event-stream")


@router.head("/{job_id}/tracks.pkl", include_in_schema=False)
@router.get(
    "/{job_id}/tracks.pkl",
    operation_id="job_tracks",
    summary="Its tracks.pkl",
    response_class=FileResponse,
    responses=TRACKS_RESPONSES,
)
async def job_tracks(job_id: str, videos: VideoJobsOf, client: ClientOf) -> Response:
    """Answer with the results in PHALP's layout, once the job is complete."""
    return await job_file_response(await videos.get(job_id, client), TRACKS, "application/x-pickle")


@router.head("/{job_id}/overlay.mp4", include_in_schema=False)
@router.get(
    "/{job_id}/overlay.mp4",
    operation_id="job_overlay",
    summary="Its overlay.mp4",
    response_class=FileResponse,
    responses=OVERLAY_RESPONSES,
)
async def job_overlay(job_id: str, videos: VideoJobsOf, client: ClientOf) -> Response:
    """Answer with the overlay, once the job is complete; a player may ask for ranges."""
    job = await videos.get(job_id, client)
    if not job.request.overlay:
        raise http_error(404, "expected a job with an overlay, got one that was queued with overlay=false")
    return await job_file_response(job, OVERLAY, "video/mp4")


@router.head("/{job_id}/summary.html", include_in_schema=False)
@router.get(
    "/{job_id}/summary.html",
    operation_id="job_summary",
    summary="Its summary.html",
    response_class=FileResponse,
    responses=SUMMARY_RESPONSES,
)
async def job_summary(job_id: str, videos: VideoJobsOf, client: ClientOf) -> Response:
    """Answer with the page about the run, once the job is complete."""
    return await job_file_response(await videos.get(job_id, client), REPORT, "text/html; charset=utf-8")


async def _until_closed(events: AsyncGenerator[bytes, None], videos: VideoJobs) -> AsyncGenerator[bytes, None]:
    """Pass events on; they end without an error when the service stops or the job is deleted."""
    try:
        async for event in events:
            yield event
    except JobNotFoundError:
        return
    except Exception:
        if not videos.stopping:
            raise
