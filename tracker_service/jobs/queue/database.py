"""The queue in a database: what this project uses of DBOS, and how DBOS is set up.

DBOS sends nothing anywhere: its cloud console (Conductor) and its OpenTelemetry exporters are off unless they are
configured, and they are not. Values are stored as JSON, never as pickles.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from dbos import (
    DBOS,
    DBOSConfig,
    DBOSContextSetAuth,
    DBOSPortableJSONSerializer,
    Queue,
    SetEnqueueOptions,
    SetWorkflowID,
    WorkflowStatus,
)
from dbos import error as dbos_errors
from sqlalchemy.exc import DBAPIError

from tracker_service.errors import JobError, JobNotFoundError

__all__ = ["DATABASE_ERRORS", "QueueDatabase", "Workflow", "WorkflowStatus"]

APPLICATION_VERSION = "1"
"""Pinned: unfinished jobs go on after an upgrade. Raised only when the order of the workflow's steps changes."""
DATABASE_ERRORS = (DBAPIError,)
"""What DBOS lets through when the database cannot be written, for instance because its disk is full."""
FINAL = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")

Workflow: TypeAlias = Callable[[str, dict[str, Any]], dict[str, Any]]
_NAME, _QUEUE = "track_video", "jobs"
_logger = logging.getLogger("dbos")


class _Expected(logging.Filter):
    """Leaves out the tracebacks of failed and cancelled jobs: they are outcomes, and the job says why."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, (JobError, dbos_errors.DBOSAwaitedWorkflowCancelledError)):
            return False
        return not record.getMessage().endswith("Waiting for the recorded outcome")


class QueueDatabase:
    """All workflows of this project, one for each job. DBOS exists once a process, so only one can be open.

    Args:
        url: of the database.
        executor_id: name of this service among those of the database.
        workflow: computes a job, given its id and its request.
        concurrency: jobs computed at the same time by each service.
        poll_seconds: how often the queue is looked at.
    """

    def __init__(self, url: str, executor_id: str, workflow: Workflow, concurrency: int, poll_seconds: float) -> None:
        self.executor_id = executor_id
        _logger.addHandler(logging.NullHandler())  # DBOS adds one of its own where there is none
        _logger.filters = [_Expected()]
        config: DBOSConfig = {
            "name": "phalp-triton",
            "system_database_url": url,
            "application_version": APPLICATION_VERSION,
            "executor_id": executor_id,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "enable_otlp": False,
        }
        DBOS(config=config)
        try:
            self._workflow = DBOS.workflow(name=_NAME)(_function(workflow))
            DBOS.launch()
            self._queue: Queue = DBOS.register_queue(
                _QUEUE, worker_concurrency=concurrency, polling_interval_sec=poll_seconds, on_conflict="always_update"
            )
        except BaseException:
            self.close()
            raise

    def enqueue(self, job_id: str, turn: int, client: str, values: Mapping[str, Any]) -> None:
        """Add a workflow."""
        with SetWorkflowID(job_id), SetEnqueueOptions(priority=turn), DBOSContextSetAuth(client, None):
            self._queue.enqueue(self._workflow, job_id, dict(values))

    def get(self, job_id: str) -> WorkflowStatus:
        """Return a workflow; raises `JobNotFoundError`."""
        found = DBOS.list_workflows(workflow_ids=[job_id], name=_NAME)
        if not found:
            raise JobNotFoundError(f"job: expected the id of a job, got {job_id[:64]!r}")
        return found[0]

    def newest(self, status: list[str] | None, client: str | None, limit: int | None) -> list[WorkflowStatus]:
        """Return workflows with all that is known of them, newest first."""
        return DBOS.list_workflows(name=_NAME, status=status, user=client, limit=limit, sort_desc=True)

    def outlines(self, *status: str, ids: list[str] | None = None, client: str | None = None) -> list[WorkflowStatus]:
        """Return workflows in these states (all, if none is given), oldest first, without requests and results."""
        return DBOS.list_workflows(
            workflow_ids=ids,
            name=_NAME,
            status=list(status) or None,
            user=client,
            load_input=False,
            load_output=False,
        )

    def cancel(self, job_id: str) -> None:
        """Cancel a workflow unless it is final."""
        DBOS.cancel_workflow(job_id)

    def begin_again(self, job_id: str) -> None:
        """Queue a final workflow again, from its first step; the steps find on disk what is done."""
        DBOS.rewind_workflow(job_id, queue_name=_QUEUE)

    def take_back(self, job_id: str) -> None:
        """Queue a workflow that nobody computes any more, although it is marked as running."""
        DBOS.resume_workflow(job_id, queue_name=_QUEUE)

    def recover(self, executor_id: str) -> None:
        """Queue all workflows of another service that is dead."""
        # What DBOS itself does for an executor that starts again; attempts go on being counted.
        DBOS._recover_pending_workflows([executor_id])

    def delete(self, job_id: str) -> None:
        """Forget a workflow."""
        DBOS.delete_workflow(job_id)

    def close(self) -> None:
        """Stop taking up work and disconnect."""
        DBOS.destroy(destroy_registry=True)


def step(name: str, function: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """Run a function as a step of the workflow of this thread: once it has returned, it is never run again."""
    return dict(DBOS.run_step({"name": name}, function, *arguments))


def _function(method: Workflow) -> Workflow:
    """Return a plain function: DBOS writes attributes onto what it is given, which methods do not take."""

    def track_video(job_id: str, values: dict[str, Any]) -> dict[str, Any]:
        return method(job_id, values)

    return track_video
