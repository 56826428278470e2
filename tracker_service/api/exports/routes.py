"""The route of a job's results in the formats of other programs."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse

from tracker_service.api.exports.conversions import Conversions
from tracker_service.api.http.error_schemas import Responses, errors
from tracker_service.api.http.errors import http_error
from tracker_service.api.http.file_response import RangeFileResponse
from tracker_service.api.jobs.job_file import check_complete
from tracker_service.api.jobs.responses import TRACKS_RESPONSES, file_answer
from tracker_service.api.jobs.video_jobs import ClientOf, VideoJobsOf
from tracker_service.errors import SettingsError
from tracker_service.results.formats.bodies.skeleton import SkeletonPreset
from tracker_service.results.formats.registry import FORMATS, STEM, format_named

router = APIRouter(prefix="/jobs", tags=["jobs"])

_RESPONSES: Responses = {
    **TRACKS_RESPONSES,
    200: file_answer("application/octet-stream", "The file; an archive of all people's where each has one"),
    **errors(422, 503),
}
FormatName = Annotated[
    str, Path(description="format of other programs, see docs/formats.md", json_schema_extra={"enum": list(FORMATS)})
]


@router.head("/{job_id}/results.{format_name}", include_in_schema=False)
@router.get(
    "/{job_id}/results.{format_name}",
    operation_id="job_export",
    summary="Its results in another format",
    response_class=FileResponse,
    responses=_RESPONSES,
)
async def job_export(
    job_id: str,
    format_name: FormatName,
    request: Request,
    videos: VideoJobsOf,
    client: ClientOf,
    track_id: Annotated[int | None, Query(ge=1, description="only this person's file; bvh, npz, trc, mot")] = None,
    skeleton: Annotated[SkeletonPreset, Query(description="whose names joints have; bvh")] = SkeletonPreset.SMPL,
) -> Response:
    """Answer with the results in another format, once the job is complete; written when first asked for, then kept.

    Where everybody has a file of their own the answer is a zip archive of them, or one with `track_id`.
    """
    try:
        chosen = format_named(format_name)
    except SettingsError as error:
        raise http_error(404, str(error)) from error
    if track_id is not None and not chosen.one_a_person:
        raise http_error(422, f"track_id: expected a format with one file a person, got {format_name}")
    job = await videos.get(job_id, client)
    check_complete(job, f"{STEM}.{format_name}")
    conversions: Conversions = request.app.state.conversions
    name, media_type = f"{STEM}.{format_name}", chosen.media_type
    if track_id is not None:
        name = f"person_{track_id}.{format_name}"
    elif chosen.one_a_person:
        name, media_type = f"{name}.zip", "application/zip"
    try:
        file = await conversions.open(job.folder, format_name, skeleton, name)
    except FileNotFoundError as error:
        raise http_error(404, f"track_id: expected a person of the results, got {track_id}") from error
    return RangeFileResponse(file, media_type=media_type, filename=name)
