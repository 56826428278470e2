"""What this project takes for granted of DBOS, its private parts too: an upgrade that breaks it fails here."""

import ast
import base64
import pickle
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import psycopg
import pytest

from harness.waiting import until
from tracker_service.errors import JobError
from tracker_service.jobs.queue import database as queue_database
from tracker_service.jobs.queue.database import (
    POSTGRES_VERSION,
    SQLITE_VERSION,
    QueueDatabase,
    RecordedError,
    WorkflowStatus,
    step,
)
from tracker_service.jobs.queue.job_run import JobInterrupted

PACKAGE = Path(queue_database.__file__).parents[2]
USED_IN = PACKAGE / "jobs" / "queue" / "database.py"
PRIVATE_PARTS = {
    "dbos._dbos._get_dbos_instance": "the object behind `DBOS`, for its tables",
    "_sys_db": "its `engine` and `tables.workflow_status`: states are counted, and ranks changed, in the database",
    "_wf": "the condition that chooses a workflow in its tables",
    "_recover_pending_workflows": "what DBOS does for a service that starts again, here for one that is dead",
    "dbos._migration.sqlite_migrations": "their number is the version of the tables of a queue in a file",
    "dbos._migration.get_dbos_migrations": "likewise in PostgreSQL",
    "dbos._serialization.DefaultSerializer": "reads pickles, and is kept from it",
}
"""All that is used of DBOS and not promised by it, and what for. Each is held by a test below."""
Workflow = Callable[[str], dict[str, Any]]


def foreign_names(path: Path) -> Iterator[str]:
    """What a file imports of DBOS, and the private attributes of objects that are not its own."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.split(".")[0] == "dbos")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dbos":
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Name) and node.value.id == "self"):
            yield from (name for name in [node.attr] if name.startswith("_") and not name.startswith("__"))


class Opened:
    """A queue in a SQLite file, or in the database of ``url``; a context manager."""

    def __init__(
        self, folder: Path, workflow: Workflow, *, name: str = "here", version: str = "2", url: str | None = None
    ) -> None:
        queue_database.APPLICATION_VERSION = version
        url = url or f"sqlite:///{folder / 'queue.sqlite'}"
        self.queue = QueueDatabase(url, name, workflow, concurrency=1, poll_seconds=0.05)

    def __enter__(self) -> QueueDatabase:
        return self.queue

    def __exit__(self, *_: object) -> None:
        self.queue.close()


@pytest.fixture(autouse=True)
def version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the version back that tests change."""
    monkeypatch.setattr(queue_database, "APPLICATION_VERSION", "2")


def wait_for(queue: QueueDatabase, job_id: str, status: str) -> WorkflowStatus:
    return until(lambda: entry if (entry := queue.get(job_id)).status == status else None)


def done(job_id: str) -> dict[str, Any]:
    return {"job": job_id}


def interrupted(_: str) -> dict[str, Any]:
    raise JobInterrupted


def test_only_one_module_uses_it_and_of_its_private_parts_only_those_that_are_listed() -> None:
    assert {name for name in foreign_names(USED_IN) if "._" in name or name.startswith("_")} == PRIVATE_PARTS.keys()
    elsewhere = [
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in PACKAGE.rglob("*.py")
        for name in foreign_names(path)
        if path != USED_IN and (name.partition(".")[0] == "dbos" or name in PRIVATE_PARTS)
    ]
    assert elsewhere == []


def test_lower_ranks_go_first_those_that_wait_are_counted_and_can_change_and_a_workflow_keeps_its_client(
    tmp_path: Path,
) -> None:
    order, all_queued = list[str](), Event()

    def note(job_id: str) -> dict[str, Any]:
        all_queued.wait()
        order.append(job_id)
        return {}

    with Opened(tmp_path, note) as queue:
        for job_id, rank, client in (("first", 1, "a"), ("late", 9, "a"), ("urgent", 5, "b")):
            queue.enqueue(job_id, rank, client)
            wait_for(queue, "first", "PENDING")
        queue.enqueue("moved", 9, "a")
        assert queue.counts() == {"PENDING": 1, "ENQUEUED": 3}
        queue.change_ranks({"moved": 3, "first": 7})
        all_queued.set()
        for job_id in ("first", "late", "urgent", "moved"):
            wait_for(queue, job_id, "SUCCESS")
        assert queue.counts() == {"SUCCESS": 4}
        assert order == ["first", "moved", "urgent", "late"]
        assert [entry.workflow_id for entry in queue.workflows(client="a")] == ["first", "late", "moved"]
        assert [queue.get(job_id).priority for job_id in ("first", "urgent", "moved")] == [1, 5, 3]


def test_more_are_computed_at_once_when_a_running_queue_is_told_so(tmp_path: Path) -> None:
    together = Barrier(2)

    def meet(_: str) -> dict[str, Any]:
        together.wait(timeout=60)
        return {}

    with Opened(tmp_path, meet) as queue:
        for job_id in ("first", "second"):
            queue.enqueue(job_id, 1, "")
        wait_for(queue, "first", "PENDING")
        queue.compute_at_once(2)
        for job_id in ("first", "second"):
            wait_for(queue, job_id, "SUCCESS")


def test_an_interrupted_workflow_has_no_outcome_and_another_service_recovers_it(tmp_path: Path) -> None:
    called: list[str] = []

    def interrupt(job_id: str) -> dict[str, Any]:
        called.append(job_id)
        raise JobInterrupted

    with Opened(tmp_path, interrupt, name="dead") as queue:
        queue.enqueue("job", 1, "")
        until(lambda: called)
    with Opened(tmp_path, done, name="alive") as queue:
        left = queue.get("job")
        assert (left.status, left.executor_id, left.error) == ("PENDING", "dead", None)
        queue.recover("nobody")
        assert queue.get("job").status == "PENDING"
        queue.recover("dead")
        recovered = wait_for(queue, "job", "SUCCESS")
        assert recovered.executor_id == "alive"
        assert (recovered.recovery_attempts or 0) > (left.recovery_attempts or 0)


def test_a_service_that_starts_again_recovers_its_own(tmp_path: Path) -> None:
    called: list[str] = []

    def interrupt(job_id: str) -> dict[str, Any]:
        called.append(job_id)
        raise JobInterrupted

    with Opened(tmp_path, interrupt) as queue:
        queue.enqueue("job", 1, "")
        until(lambda: called)
    with Opened(tmp_path, done) as queue:
        wait_for(queue, "job", "SUCCESS")


def test_a_workflow_that_nobody_computes_is_queued_again(tmp_path: Path) -> None:
    called: list[str] = []

    def interrupt_once(job_id: str) -> dict[str, Any]:
        called.append(job_id)
        if len(called) == 1:
            raise JobInterrupted
        return {}

    with Opened(tmp_path, interrupt_once) as queue:
        queue.enqueue("job", 1, "")
        until(lambda: called)
        queue.requeue("job")
        wait_for(queue, "job", "SUCCESS")


def test_a_step_that_has_returned_is_not_run_again(tmp_path: Path) -> None:
    steps, results = list[str](), list[dict[str, Any]]()

    def compute() -> dict[str, Any]:
        steps.append("run")
        return {"frames": 5}

    def stop_after_the_step(_: str) -> dict[str, Any]:
        results.append(step("track", compute))
        raise JobInterrupted

    def finish(_: str) -> dict[str, Any]:
        results.append(step("track", compute))
        return {}

    with Opened(tmp_path, stop_after_the_step) as queue:
        queue.enqueue("job", 1, "")
        until(lambda: results)
    with Opened(tmp_path, finish) as queue:
        wait_for(queue, "job", "SUCCESS")
    assert steps == ["run"]
    assert results == [{"frames": 5}] * 2


def test_a_failed_step_ends_its_workflow_with_the_reason_and_is_told_from_one_that_fails_now(tmp_path: Path) -> None:
    errors: list[Exception] = []

    def fail() -> dict[str, Any]:
        raise JobError("chunk 3 cannot be computed")

    def interrupt_when_it_failed(_: str) -> dict[str, Any]:
        try:
            return step("track", fail)
        except JobError as error:
            errors.append(error)
            raise JobInterrupted from error

    def fail_again(_: str) -> dict[str, Any]:
        try:
            return step("track", fail)
        except RecordedError as error:
            errors.append(error)
            raise

    with Opened(tmp_path, interrupt_when_it_failed) as queue:
        queue.enqueue("job", 1, "")
        until(lambda: errors)
    with Opened(tmp_path, fail_again) as queue:
        failed = wait_for(queue, "job", "ERROR")
    assert str(failed.error) == "chunk 3 cannot be computed"
    assert len(errors) == 2


def test_a_final_workflow_begins_again_from_its_first_step(tmp_path: Path) -> None:
    steps: list[str] = []

    def compute() -> dict[str, Any]:
        steps.append("run")
        return {}

    with Opened(tmp_path, lambda _: step("track", compute)) as queue:
        queue.enqueue("job", 7, "a")
        wait_for(queue, "job", "SUCCESS")
        queue.restart("job")
        until(lambda: len(steps) == 2)
        again = wait_for(queue, "job", "SUCCESS")
        assert (again.priority, again.authenticated_user) == (7, "a")


def test_a_cancelled_workflow_is_not_begun_and_a_deleted_one_is_forgotten(tmp_path: Path) -> None:
    begun, cancelled = list[str](), Event()

    def wait(job_id: str) -> dict[str, Any]:
        begun.append(job_id)
        cancelled.wait()
        return {}

    with Opened(tmp_path, wait) as queue:
        queue.enqueue("first", 1, "")
        until(lambda: begun)
        queue.enqueue("second", 2, "")
        queue.cancel("second")
        cancelled.set()
        wait_for(queue, "first", "SUCCESS")
        assert queue.get("second").status == "CANCELLED"
        queue.delete("second")
        assert [entry.workflow_id for entry in queue.workflows()] == ["first"]
    assert begun == ["first"]


def test_a_workflow_of_another_version_waits_until_it_is_begun_again_under_this_one(tmp_path: Path) -> None:
    with Opened(tmp_path, interrupted, version="1") as queue:
        queue.enqueue("earlier", 3, "a")
    with Opened(tmp_path, done) as queue:
        queue.enqueue("own", 4, "")
        wait_for(queue, "own", "SUCCESS")
        waiting = queue.workflows(versions=["1"])
        assert [entry.workflow_id for entry in waiting] == ["earlier"]
        assert waiting[0].status in ("ENQUEUED", "PENDING")
        queue.cancel("earlier")
        queue.restart("earlier")
        taken = wait_for(queue, "earlier", "SUCCESS")
        assert (taken.app_version, taken.priority, taken.authenticated_user) == ("2", 3, "a")


def test_the_tables_of_a_new_file_have_the_version_that_is_looked_for(tmp_path: Path) -> None:
    with Opened(tmp_path, done), closing(sqlite3.connect(tmp_path / "queue.sqlite")) as tables:
        assert tables.execute("SELECT max(version) FROM dbos_migrations").fetchone() == (SQLITE_VERSION,)


def test_a_new_postgresql_database_has_the_version_that_is_looked_for_and_does_the_same(
    database: str, tmp_path: Path
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE DATABASE phalp_surface")
    url, computed = f"{database}_surface", Event()

    def wait(_: str) -> dict[str, Any]:
        computed.wait()
        return {}

    with Opened(tmp_path, wait, url=url) as queue:
        with psycopg.connect(url) as tables:
            found = tables.execute("SELECT max(version) FROM dbos.dbos_migrations").fetchone()
        assert found == (POSTGRES_VERSION,)
        queue.enqueue("first", 1, "")
        wait_for(queue, "first", "PENDING")
        queue.enqueue("second", 9, "")
        queue.change_ranks({"first": 7, "second": 3})
        assert [queue.get(job_id).priority for job_id in ("first", "second")] == [1, 3]
        assert queue.counts() == {"PENDING": 1, "ENQUEUED": 1}
        computed.set()
        wait_for(queue, "second", "SUCCESS")


class Touch:
    """Makes a file when it is read from a pickle."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self._path,)


def test_a_result_that_somebody_else_has_pickled_is_not_read(tmp_path: Path) -> None:
    pickled = base64.b64encode(pickle.dumps(Touch(tmp_path / "read"))).decode()
    with Opened(tmp_path, done) as queue:
        queue.enqueue("job", 1, "")
        wait_for(queue, "job", "SUCCESS")
        with closing(sqlite3.connect(tmp_path / "queue.sqlite")) as rows, rows:
            rows.execute("UPDATE workflow_output SET output = ?", (pickled,))
            rows.execute("UPDATE workflow_status SET serialization = 'py_pickle'")
        assert queue.get("job").output == pickled
    assert not (tmp_path / "read").exists()
