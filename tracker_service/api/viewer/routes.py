"""``/jobs/{job_id}/viewer``: a job as a page, also while it runs."""

import errno
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import PureWindowsPath
from typing import Annotated, Any, BinaryIO

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response

from tracker_service.api.http.streaming import StreamedAnswer
from tracker_service.api.jobs.job_file import check_complete
from tracker_service.api.jobs.responses import VIEWER_FILE_RESPONSES, VIEWER_RESPONSES
from tracker_service.api.jobs.video_jobs import ClientOf, VideoJobs, VideoJobsOf
from tracker_service.api.viewer.answers import (
    PackedChunks,
    binary_answer,
    index_answer,
    page_answer,
    video_answer,
)
from tracker_service.errors import MediaPathError
from tracker_service.jobs.chunks.whole_files import WholeFiles
from tracker_service.jobs.job import Job, JobRequest
from tracker_service.media import open_regular
from tracker_service.results.result_files import OVERLAY, VIEWER
from tracker_service.viewer.body_bytes import body_bytes
from tracker_service.viewer.html import html_pieces, served_page
from tracker_service.viewer.viewed_run import Part, ViewedRun, ViewedVideo, playable

router = APIRouter(prefix="/jobs/{job_id}", tags=["jobs"])


@dataclass(slots=True)
class _Packed:
    """What is kept between requests of one service."""

    chunks: PackedChunks = field(default_factory=PackedChunks)
    body: bytes | None = None


@router.get(
    "/viewer",
    operation_id="job_viewer",
    summary="A page that shows it",
    response_class=Response,
    responses=VIEWER_RESPONSES,
)
async def job_viewer(
    job_id: str,
    videos: VideoJobsOf,
    client: ClientOf,
    other: Annotated[str | None, Query(alias="with", description="id of a second job, shown beside it")] = None,
) -> Response:
    """Answer with a page: the video beside its people in 3D, also while the job runs.

    With API keys the page is sent without one, and asks for it: it holds nothing of the job.
    """
    jobs = [job_id] if other is None else [job_id, other]
    if client:
        for each in jobs:
            await videos.get(each, client)
    sources = ["viewer/"] if other is None else ["viewer/", f"../{other}/viewer/"]
    return page_answer(await to_thread.run_sync(served_page, "phalp-triton", sources))


@router.get(
    f"/{VIEWER}",
    operation_id="job_viewer_file",
    summary="The page as one file",
    response_class=Response,
    responses=VIEWER_FILE_RESPONSES,
)
async def job_viewer_file(job_id: str, videos: VideoJobsOf, client: ClientOf) -> Response:
    """Answer with one HTML file that holds a complete job: it needs neither this service nor a network."""
    job = await videos.get(job_id, client)
    check_complete(job, VIEWER)
    run, body = await _run(videos, job), await videos.body()
    pieces = html_pieces([run], body, run.name)
    headers = {"Content-Disposition": f'inline; filename="{VIEWER}"'}
    return StreamedAnswer(_in_threads(pieces), media_type="text/html; charset=utf-8", headers=headers)


@router.get("/viewer/index.json", include_in_schema=False)
async def job_viewer_index(job_id: str, videos: VideoJobsOf, client: ClientOf) -> Response:
    """Answer with what the page has to know first."""
    run = await _run(videos, await videos.get(job_id, client))
    return await to_thread.run_sync(index_answer, run)


@router.get("/viewer/body", include_in_schema=False)
async def job_viewer_body(job_id: str, request: Request, videos: VideoJobsOf, client: ClientOf) -> Response:
    """Answer with the body."""
    await videos.get(job_id, client)
    packed = _packed(request)
    if packed.body is None:
        packed.body = await to_thread.run_sync(body_bytes, await videos.body())
    return binary_answer(packed.body)


@router.get("/viewer/{part}/{number}", include_in_schema=False)
async def job_viewer_part(
    job_id: str, part: Part, number: int, request: Request, videos: VideoJobsOf, client: ClientOf
) -> Response:
    """Answer with one part of a chunk."""
    run = await _run(videos, await videos.get(job_id, client))
    body = await videos.body()
    return binary_answer(await to_thread.run_sync(_packed(request).chunks.get, job_id, run, part, number, body))


@router.get("/viewer/{kind}", include_in_schema=False)
async def job_viewer_video(job_id: str, kind: str, videos: VideoJobsOf, client: ClientOf) -> Response:
    """Answer with a video of the job, or ranges of it."""
    run = await _run(videos, await videos.get(job_id, client))
    return await to_thread.run_sync(video_answer, run, kind)


def _packed(request: Request) -> _Packed:
    state: Any = request.app.state
    if not hasattr(state, "viewer"):
        state.viewer = _Packed()
    packed: _Packed = state.viewer
    return packed


async def _run(videos: VideoJobs, job: Job) -> ViewedRun:
    return await to_thread.run_sync(_viewed, videos, job)


def _viewed(videos: VideoJobs, job: Job) -> ViewedRun:
    name = PureWindowsPath(job.request.shown_source).name or job.id
    lines = partial(videos.store.read_lines, job.id)
    return ViewedRun(name, job.frames_done, job.state.final, lines, _videos(videos, job))


def _videos(videos: VideoJobs, job: Job) -> tuple[ViewedVideo, ...]:
    opens = partial(WholeFiles(job.folder).open, OVERLAY)
    drawn = [ViewedVideo("overlay", opens, "video/mp4")] if (job.folder / OVERLAY).is_file() else []
    return (*_source(videos, job), *drawn)


def _source(videos: VideoJobs, job: Job) -> tuple[ViewedVideo, ...]:
    """Return the job's video while it is where it was, and, by path, may still be read."""
    source = job.request.source
    if (media_type := playable(source)) is None:
        return ()
    opens = partial(_open_source, videos, job.request)
    try:
        opens().close()
    except OSError:
        return ()
    return (ViewedVideo("video", opens, media_type),)


def _open_source(videos: VideoJobs, request: JobRequest) -> BinaryIO:
    """Open the video where it may still be read; raises `FileNotFoundError`."""
    if request.delete_source:
        return open_regular(request.source)
    try:
        return videos.media.open(request.shown_source)[1]
    except MediaPathError as error:
        raise FileNotFoundError(errno.ENOENT, "no file of the media roots") from error


async def _in_threads(pieces: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield what another thread makes."""
    while (piece := await to_thread.run_sync(next, pieces, None)) is not None:
        yield piece
