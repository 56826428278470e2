"""A result file of a complete job as an answer."""

import os
import stat
from pathlib import Path

from anyio import to_thread
from fastapi import Response

from tracker_service.api.http.errors import http_error
from tracker_service.api.http.file_response import RangeFileResponse
from tracker_service.jobs.job import Job, JobState


def check_complete(job: Job, name: str) -> None:
    """Refuse with 409 to answer with the file ``name`` of a job that is not complete."""
    if job.state is not JobState.COMPLETED:
        raise http_error(409, f"{name}: expected a complete job, got one that is {job.state}")


async def file_response(path: Path, media_type: str) -> Response:
    """Return the answer; 404 where there is no such file."""
    name = path.name
    try:
        status = await to_thread.run_sync(os.stat, path)
    except OSError as error:
        raise http_error(404, f"{name}: expected a job that still has its files") from error
    if not stat.S_ISREG(status.st_mode):
        raise http_error(404, f"{name}: expected a file")
    return RangeFileResponse(
        path, media_type=media_type, stat_result=status, filename=name, content_disposition_type="inline"
    )
