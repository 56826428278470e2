"""The same store on PostgreSQL, and services that look after each other."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from pydantic import SecretStr

from harness.job_stores import (
    CHUNK,
    contents,
    new_store,
    request,
    running_store,
    wait_complete,
    wait_frames,
    worker,
)
from harness.waiting import until
from tests.jobs.dying_store import KEY
from tests.jobs.test_idempotency import killed_while_submitting
from tracker_service.errors import JobError, QueueUnusableError
from tracker_service.jobs.queue.liveness import DatabaseLiveness, FolderLiveness
from tracker_service.settings import load_settings
from tracker_service.wiring.jobs import store_parameters


def test_the_url_comes_from_the_settings_or_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://environment/x")
    assert store_parameters(load_settings()).database_url == SecretStr("postgresql://environment/x")
    given = load_settings({"jobs": {"database_url": "postgresql://settings/x"}})
    assert store_parameters(given).database_url == SecretStr("postgresql://settings/x")
    monkeypatch.delenv("DATABASE_URL")
    assert store_parameters(load_settings()).database_url is None


def test_a_killed_worker_and_a_closed_store_change_nothing(
    database: str, clip: Path, undisturbed: Callable[[bool], dict[str, bytes]], tmp_path: Path
) -> None:
    with running_store(tmp_path, database_url=database) as store:
        job = store.submit(request(clip, overlay=True))
        wait_frames(store, job.id, CHUNK)
        worker().kill()
    with running_store(tmp_path, database_url=database) as store:
        done = wait_complete(store, job.id)
    assert not (tmp_path / "queue.sqlite").exists()
    assert contents(done) == undisturbed(False)


def test_a_request_repeated_after_a_crash_gives_one_job(database: str, short: Path, tmp_path: Path) -> None:
    killed_while_submitting(tmp_path, short, "between", database)
    with running_store(tmp_path, database_url=database) as store:
        job = store.submit(request(short), key=KEY)
        assert store.submit(request(short), key=KEY).id == job.id
        assert wait_complete(store, job.id).frames_done == 2


def test_services_of_a_database_have_stable_names_of_their_own(database: str) -> None:
    first, second = DatabaseLiveness(database, None), DatabaseLiveness(database, None)
    assert first.executor_id != second.executor_id
    assert first.confirm()
    assert not second.claim(first.executor_id)
    name = first.executor_id
    first.close()
    until(lambda: second.claim(name))  # the database needs a moment to notice
    second.release(name)
    third = DatabaseLiveness(database, None)
    assert third.executor_id == name
    with pytest.raises(JobError, match="which a live service has"):
        DatabaseLiveness(database, name)
    second.close()
    third.close()


def test_a_service_that_lost_its_connection_knows_that_it_may_have_been_replaced(database: str) -> None:
    service = DatabaseLiveness(database, "here")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    assert not service.confirm()
    assert service.confirm()
    service.close()


def test_a_folder_without_a_database_has_one_service(tmp_path: Path) -> None:
    first = FolderLiveness(tmp_path)
    with pytest.raises(JobError, match="several need a PostgreSQL database"):
        FolderLiveness(tmp_path)
    first.close()
    FolderLiveness(tmp_path).close()


def test_a_database_that_is_away_is_an_error_of_the_start(tmp_path: Path) -> None:
    store = new_store(tmp_path, database_url="postgresql://postgres@127.0.0.1:9/nothing")
    with pytest.raises(JobError, match=r"job database: expected an answer, got .*refused"):
        store.start()
    again = new_store(tmp_path)
    again.start()
    again.close(0)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("CREATE SCHEMA dbos; CREATE TABLE dbos.recipes (name text)", "a schema dbos of something else"),
        (
            "CREATE SCHEMA dbos; CREATE TABLE dbos.dbos_migrations (version bigint);"
            " INSERT INTO dbos.dbos_migrations VALUES (1000)",
            "one of a later version (1000; at most",
        ),
        (
            "CREATE SCHEMA dbos; CREATE TABLE dbos.dbos_migrations (version bigint);"
            " INSERT INTO dbos.dbos_migrations VALUES (7)",
            "one whose tables were removed",
        ),
    ],
)
def test_a_database_whose_tables_are_no_queue_is_refused_in_one_line(
    database: str, tmp_path: Path, change: LiteralString, found: str
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE DATABASE phalp_unusable")
        try:
            url = f"{database}_unusable"
            with psycopg.connect(url, autocommit=True) as other:
                other.execute(change)
            told = f"job database: expected the queue of video jobs, got {found}"
            with pytest.raises(QueueUnusableError, match=f"^{re.escape(told)}"):
                new_store(tmp_path, database_url=url).start()
        finally:
            connection.execute("DROP DATABASE phalp_unusable WITH (FORCE)")


def test_tables_that_are_removed_while_the_store_runs_are_missed(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE DATABASE phalp_emptied")
        url = f"{database}_emptied"
        try:
            with running_store(tmp_path, database_url=url) as store:
                with psycopg.connect(url, autocommit=True) as other:
                    other.execute("DROP TABLE dbos.workflow_status CASCADE")
                told = until(lambda: store.problem)
                assert told.startswith("job database: expected the queue of video jobs, got one whose tables were")
                with pytest.raises(QueueUnusableError, match=r"^job database"):
                    store.jobs()
        finally:
            connection.execute("DROP DATABASE phalp_emptied WITH (FORCE)")
