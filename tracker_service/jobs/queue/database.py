"""The queue in a database: everything that this project uses of DBOS, and how DBOS is set up.

No other module imports DBOS; `tests/jobs/test_dbos_surface.py` holds what is used here, its private parts too, against
the installed version.

DBOS sends nothing anywhere: its cloud console (Conductor) and its OpenTelemetry exporters are off unless they are
configured, and they are not. Values are stored as JSON, never as pickles, and a pickle that somebody else put into the
database is not read: it would run whatever it says.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from dbos import (
    DBOS,
    DBOSConfig,
    DBOSContextSetAuth,
    DBOSPortableJSONSerializer,
    PortableWorkflowError,
    Queue,
    SetEnqueueOptions,
    SetWorkflowID,
    WorkflowStatus,
)
from dbos import error as dbos_errors
from dbos._dbos import _get_dbos_instance
from dbos._migration import get_dbos_migrations, sqlite_migrations
from dbos._serialization import DefaultSerializer
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from tracker_service.errors import JobError, JobNotFoundError, QueueUnusableError

__all__ = ["DATABASE_ERRORS", "QUEUE_ERRORS", "QueueDatabase", "RecordedError", "Workflow", "WorkflowStatus"]

APPLICATION_VERSION = "2"
"""Of the workflow and of its arguments; raised when they change. DBOS takes up jobs of its own version only."""
EARLIER_VERSIONS = ["1"]
"""Those whose jobs `QueueDatabase.adopt` takes over."""
DATABASE_ERRORS = (DBAPIError,)
"""What DBOS lets through when the database cannot be written, for instance because its disk is full."""
QUEUE_ERRORS = (dbos_errors.DBOSException,)
"""What DBOS raises to end a workflow, for instance because it was cancelled."""
RecordedError = PortableWorkflowError
"""What DBOS raises for a step that has failed in an earlier run of the workflow."""
FINAL = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")

Workflow: TypeAlias = Callable[[str], dict[str, Any]]
SQLITE_VERSION = len(sqlite_migrations)
"""Of the tables of a queue in a file, as this DBOS makes them."""
POSTGRES_VERSION = len(get_dbos_migrations("dbos", use_listen_notify=True))
"""Likewise in PostgreSQL."""
_NAME, _QUEUE = "track_video", "jobs"
_LISTENER_SECONDS = 0.05
"""How often a thread of DBOS looks for messages between workflows, which there are none of here. Raising it makes a
stop take longer, as DBOS waits for the thread."""
_OF_THE_DATABASE = re.compile(r"\b(?:sqlite3|psycopg(?:\.errors)?)\.\w+")
"""How SQLAlchemy names the error of a database driver."""
_logger = logging.getLogger("dbos")


class _Expected(logging.Filter):
    """Leaves out the tracebacks of failed and cancelled jobs: they are outcomes, and the job says why.

    Likewise what every thread of DBOS says of a database that is damaged or away, again and again: `QueueWatch` and
    those who ask say it once.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, (JobError, DBAPIError, dbos_errors.DBOSAwaitedWorkflowCancelledError)):
            return False
        message = record.getMessage()
        return not (message.endswith("Waiting for the recorded outcome") or _OF_THE_DATABASE.search(message))


def _refuse_pickle(_: DefaultSerializer, serialized_data: str) -> Any:  # noqa: ARG001
    raise JobError("queue: expected values in JSON, got a pickle, which is not read")


# DBOS chooses the reader by what the row says, whatever the serializer of the configuration is.
DefaultSerializer.deserialize = _refuse_pickle  # type: ignore[assignment, method-assign]


class QueueDatabase:
    """All workflows of this project, one for each job. DBOS exists once a process, so only one can be open.

    Args:
        url: of the database.
        executor_id: name of this service among those of the database.
        workflow: computes a job, given its id.
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
            "notification_listener_polling_interval_sec": _LISTENER_SECONDS,
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

    def compute_at_once(self, jobs: int) -> None:
        """Take up so many workflows at the same time from now on; what runs goes on."""
        self._queue.set_worker_concurrency(jobs)

    def enqueue(self, job_id: str, rank: int, client: str) -> None:
        """Add a workflow; those of a lower rank go first."""
        with (
            _asking(),
            SetWorkflowID(job_id),
            SetEnqueueOptions(priority=rank),
            DBOSContextSetAuth(client, None),
        ):
            self._queue.enqueue(self._workflow, job_id)

    def change_ranks(self, ranks: Mapping[str, int]) -> None:
        """Give workflows other ranks, all or none; those that run meanwhile keep theirs."""
        if not ranks:
            return
        # DBOS cannot do it itself.
        system = _get_dbos_instance()._sys_db
        rows = system.tables.workflow_status
        with system.engine.begin() as connection:
            for job_id, rank in ranks.items():
                own = (*system._wf(rows, job_id), rows.c.status != "PENDING")
                connection.execute(rows.update().where(*own).values(priority=rank))

    def get(self, job_id: str) -> WorkflowStatus:
        """Return a workflow; raises `JobNotFoundError`."""
        found = self.workflows(ids=[job_id], outcome=True)
        if not found:
            raise JobNotFoundError(f"job: expected the id of a job, got {job_id[:64]!r}")
        return found[0]

    def workflows(
        self,
        *status: str,
        ids: list[str] | None = None,
        client: str | None = None,
        versions: list[str] | None = None,
        limit: int | None = None,
        newest_first: bool = False,
        outcome: bool = False,
    ) -> list[WorkflowStatus]:
        """Return workflows, oldest first.

        Args:
            status: their states, any if none is given.
            ids: only these, any where None.
            client: only this one's, anybody's where None.
            versions: only those queued by them, any where None.
            limit: most workflows.
            newest_first: turn the order round.
            outcome: also read results and errors.
        """
        with _asking():
            return DBOS.list_workflows(
                workflow_ids=ids,
                name=_NAME,
                status=list(status) or None,
                user=client,
                app_version=versions,
                limit=limit,
                sort_desc=newest_first,
                load_input=False,
                load_output=outcome,
            )

    def counts(self) -> Mapping[str, int]:
        """Return how many workflows are in each state."""
        # DBOS would read all of them.
        system = _get_dbos_instance()._sys_db
        rows = system.tables.workflow_status
        counted = select(rows.c.status, func.count()).where(rows.c.name == _NAME).group_by(rows.c.status)
        with _asking(), system.engine.connect() as connection:
            return {str(status): int(number) for status, number in connection.execute(counted)}

    def cancel(self, job_id: str) -> None:
        """Cancel a workflow unless it is final."""
        with _asking():
            DBOS.cancel_workflow(job_id)

    def restart(self, job_id: str) -> None:
        """Queue a final workflow again, of an earlier version too; what it has done it finds on disk."""
        try:
            with _asking():
                DBOS.rewind_workflow(job_id, application_version=APPLICATION_VERSION, queue_name=_QUEUE)
        except QUEUE_ERRORS:
            # Another thread or service may have queued it meanwhile.
            if self.get(job_id).status in FINAL:
                raise

    def requeue(self, job_id: str) -> None:
        """Queue a workflow that nobody computes any more, although it is marked as running."""
        DBOS.resume_workflow(job_id, queue_name=_QUEUE)

    def recover(self, executor_id: str) -> None:
        """Queue all workflows of another service that is dead."""
        # What DBOS itself does for an executor that starts again; attempts go on being counted.
        DBOS._recover_pending_workflows([executor_id])

    def earlier_request(self, job_id: str) -> dict[str, Any] | None:
        """Return the request of a job of version 1, which had it in the queue; None for any other."""
        found = DBOS.list_workflows(workflow_ids=[job_id], name=_NAME, load_output=False)
        values = found[0].input if found else None
        arguments = values["args"] if isinstance(values, dict) else ()  # one that cannot be read is a text
        return dict(arguments[1]) if len(arguments) > 1 else None

    def delete(self, job_id: str) -> None:
        """Forget a workflow."""
        with _asking():
            DBOS.delete_workflow(job_id)

    def close(self) -> None:
        """Stop taking up work and disconnect."""
        DBOS.destroy(destroy_registry=True)


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        kind = type(error.orig).__name__
        raise QueueUnusableError(f"queue: expected an answer of the jobs' database, got an error ({kind})") from error


def step(name: str, function: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run a function as a step of the workflow of this thread: once it has returned, it is never run again."""
    return dict(DBOS.run_step({"name": name}, function))


def _function(method: Workflow) -> Callable[..., dict[str, Any]]:
    """Return a plain function: DBOS writes attributes onto what it is given, which methods do not take."""

    def track_video(job_id: str, *_: object) -> dict[str, Any]:
        """Version 1 had a second argument, which stays in the queue when its jobs are taken over."""
        return method(job_id)

    return track_video
