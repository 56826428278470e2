"""Jobs that an earlier version of this project has queued; its services may still run, and know nothing of this one."""

import logging
import threading

from tracker_service.errors import JobError
from tracker_service.jobs.folder import JobDefinition, JobFolder
from tracker_service.jobs.queue.database import EARLIER_VERSIONS, QueueDatabase, WorkflowStatus

_logger = logging.getLogger(__name__)
_ADOPTING = threading.Lock()
"""A client that resumes a job and the maintenance of its store may find the same one."""


def read_definition(folder: JobFolder, database: QueueDatabase) -> JobDefinition:
    """Return what was submitted; version 1 kept the request of a job in the queue, not in its folder.

    Raises:
        JobError: the folder cannot be used.
    """
    try:
        return JobDefinition.read(folder)
    except JobError:
        if (request := database.earlier_request(folder.path.name)) is None:
            raise
        return JobDefinition.read(folder, request)


def adopt(folder: JobFolder, database: QueueDatabase) -> None:
    """Queue a job of an earlier version as one of this version; it keeps its id, its place and its results.

    DBOS gives only cancelled workflows another version. `being_adopted` tells such a job from one that a client has
    cancelled; where the call is cut off it must be made again. A job without a usable folder stays cancelled, one of
    this version stays as it is.

    Raises:
        JobNotFoundError: no such job.
    """
    with _ADOPTING:
        entry = database.get(folder.path.name)
        if entry.app_version in EARLIER_VERSIONS:  # it may have been taken over meanwhile, and may run
            _adopt(folder, database, entry)


def _adopt(folder: JobFolder, database: QueueDatabase, entry: WorkflowStatus) -> None:
    job_id = entry.workflow_id
    try:
        definition = read_definition(folder, database)
    except JobError as error:
        _logger.warning("%s; it is cancelled", error)
        database.cancel(job_id)
        folder.adopted.unlink(missing_ok=True)
        return
    _logger.info("job %s of an earlier version is taken over", job_id)
    folder.adopted.touch()
    database.cancel(job_id)
    definition.write(folder)  # not before: a service of the earlier version cannot read it
    database.restart(job_id)


def being_adopted(folder: JobFolder, entry: WorkflowStatus) -> bool:
    """Tell whether a job is on its way from an earlier version to this one."""
    return entry.app_version in EARLIER_VERSIONS and folder.adopted.exists()
