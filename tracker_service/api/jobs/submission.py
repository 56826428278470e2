"""Queues the video of a request, and answers 202."""

from typing import Annotated

from fastapi import Header, Request, Response

from tracker_service.api.http.known_names import query_names
from tracker_service.api.jobs.job_answers import Queued
from tracker_service.api.jobs.options import job_options, video_path_of
from tracker_service.api.jobs.video_jobs import Submitted, VideoJobs
from tracker_service.jobs.job import Job

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="a name for this request: repeated, it gives the same job as before",
    ),
]


async def submit(request: Request, videos: VideoJobs, client: str, key: str | None, *, overlay: bool) -> Submitted:
    """Queue the video of a request: a JSON body that names it, or a form that contains it."""
    submitted = await _submitted(request, videos, client, key, overlay=overlay)
    request.state.log["job"] = submitted.job.id
    return submitted


async def _submitted(request: Request, videos: VideoJobs, client: str, key: str | None, *, overlay: bool) -> Submitted:
    query = query_names(request)
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        async with videos.uploads.receive(request) as upload:
            options = job_options(upload.fields, overlay=overlay, query=query)
            return await videos.submit_upload(upload, client, options, key)
    path, sent = video_path_of(await request.body())
    return await videos.submit_path(path, client, job_options(sent, overlay=overlay, query=query), key)


def prefers_async(request: Request) -> bool:
    """Tell whether the client asked for ``respond-async`` (RFC 7240)."""
    preferences = ",".join(request.headers.getlist("prefer")).split(",")
    return any(preference.split(";")[0].strip().lower() == "respond-async" for preference in preferences)


def queued_response(job: Job, *, applied: bool) -> Response:
    """Return 202 for a queued job; ``applied``: because the client preferred it."""
    headers = {"Location": f"/jobs/{job.id}"}
    if applied:
        headers["Preference-Applied"] = "respond-async"
    return Response(Queued.of(job).model_dump_json(), 202, headers, "application/json")
