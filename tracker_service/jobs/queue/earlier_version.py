"""Jobs that an earlier version of this project has queued; its services may still run, and know nothing of this one."""

import logging

from tracker_service.errors import JobError
from tracker_service.jobs.folder import JobDefinition, JobFolder
from tracker_service.jobs.queue.database import QueueDatabase

_logger = logging.getLogger(__name__)


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
    """Make a queued job of an earlier version one of this version; it keeps its id, its place and its results.

    An interrupted call is recognised by the mark and made again. A job without a usable folder is cancelled.
    """
    job_id = folder.path.name
    try:
        definition = read_definition(folder, database)
    except JobError as error:
        _logger.warning("%s; it is cancelled", error)
        database.cancel(job_id)
        return
    _logger.info("job %s of an earlier version is taken over", job_id)
    folder.adoption.touch()
    database.cancel(job_id)
    definition.write(folder)  # not before: a service of the earlier version cannot read it
    database.restart(job_id)
    folder.adoption.unlink()
