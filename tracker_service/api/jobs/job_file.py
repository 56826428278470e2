"""A result file of a complete job as an answer."""

from collections.abc import Callable
from typing import BinaryIO

from anyio import to_thread
from fastapi import Response

from tracker_service.api.http.errors import http_error
from tracker_service.api.http.file_response import RangeFileResponse
from tracker_service.jobs.chunks.whole_files import WholeFiles
from tracker_service.jobs.job import Job, JobState


def check_complete(job: Job, name: str) -> None:
    """Refuse with 409 to answer with the file ``name`` of a job that is not complete."""
    if job.state is not JobState.COMPLETED:
        raise http_error(409, f"{name}: expected a complete job, got one that is {job.state}")


async def job_file_response(job: Job, name: str, media_type: str) -> Response:
    """Return the answer with a file of a complete job.

    Raises:
        HTTPException: 404, there is no such file; 409, the job is not complete.
        DamagedResultsError: the file is not what was written.
    """
    check_complete(job, name)
    return await file_response(lambda: WholeFiles(job.folder).open(name), name, media_type)


async def file_response(open_file: Callable[[], BinaryIO], name: str, media_type: str) -> Response:
    """Return the answer with the file that ``open_file`` opens; 404 where it finds none."""
    try:
        file = await to_thread.run_sync(open_file)
    except FileNotFoundError as error:
        raise http_error(404, f"{name}: expected a job that still has its files") from error
    return RangeFileResponse(file, media_type=media_type, filename=name)
