"""M8: a queue that is damaged, foreign, of a later version or emptied is said in one line; nothing is removed."""

import os
import random
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from harness.clips import SAMPLE
from harness.job_stores import new_store, request, running_store
from harness.running_service import RunningService
from harness.waiting import until
from tracker_service.errors import QueueUnusableError
from tracker_service.jobs.folder import JobDefinition, JobFolder
from tracker_service.jobs.identity import SourceIdentity

LONG_AGO = 1e9


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of an empty queue."""
    folder = tmp_path_factory.mktemp("queue")
    with running_store(folder):
        pass
    with closing(sqlite3.connect(folder / "queue.sqlite")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (folder / "queue.sqlite").read_bytes()


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:30_000])


def randomise(path: Path) -> None:
    path.write_bytes(random.Random(0).randbytes(20_000))


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_another_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")


def raise_the_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE dbos_migrations SET version = 1000")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (cut_off, r"(a damaged one|one that cannot be read)"),
        (randomise, "one that cannot be read"),
        (replace_by_a_folder, "a folder"),
        (replace_by_another_database, "a database of something else"),
        (raise_the_version, "one of a later version"),
    ],
)
def test_a_store_says_in_one_line_what_its_queue_is_and_leaves_it(
    queue: bytes, tmp_path: Path, change: Callable[[Path], None], found: str
) -> None:
    path = tmp_path / "queue.sqlite"
    path.write_bytes(queue)
    change(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(QueueUnusableError, match=rf"^queue\.sqlite: expected the queue of video jobs, got {found}"):
        new_store(tmp_path).start()
    assert (path.read_bytes() if path.is_file() else None) == before


def empty(path: Path) -> None:
    path.write_bytes(b"")


def put_another_in_its_place(path: Path) -> None:
    new = path.with_name("new.sqlite")
    new.touch()
    replace_by_another_database(new)
    new.replace(path)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (cut_off, r"(a damaged one|one that cannot be read)"),
        (randomise, "one that cannot be read"),
        (empty, "an empty file"),
        (Path.unlink, "none: it was removed"),
        (put_another_in_its_place, "another file in its place"),
    ],
)
def test_a_queue_that_is_damaged_while_the_store_runs_is_told_and_nothing_is_removed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, change: Callable[[Path], None], found: str
) -> None:
    with running_store(tmp_path, concurrency=1) as store:
        job = store.cancel(store.submit(request(SAMPLE)).id)
        change(tmp_path / "queue.sqlite")
        told = until(lambda: store.problem)
        assert re.match(rf"queue\.sqlite: expected the queue of video jobs, got {found}", told)
        with pytest.raises(QueueUnusableError, match=re.escape(told)):
            store.jobs()
        assert caplog.messages.count(told) == 1
    assert job.folder.exists()


def test_rows_that_are_removed_while_the_store_runs_are_missed(tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        job = store.cancel(store.submit(request(SAMPLE)).id)
        with closing(sqlite3.connect(tmp_path / "queue.sqlite", timeout=60)) as queue, queue:
            queue.execute("DELETE FROM workflow_status")
        told = until(lambda: store.problem)
        assert told.startswith("queue: expected the 1 jobs whose files are in the jobs' folder")
        assert store.jobs() == []
    assert job.folder.exists()


def test_a_service_whose_folders_cannot_be_written_says_so(tmp_path: Path) -> None:
    with RunningService(tmp_path, f'media.roots=["{SAMPLE.parent}"]', forked=True) as service:
        until(lambda: service.get("/jobs").status_code == 200)
        for name in ("jobs", "uploads"):
            (tmp_path / "jobs" / name).rmdir()
            (tmp_path / "jobs" / name).touch()  # as root, these tests may write into every folder
        video = {"video_path": str(SAMPLE)}
        for answer in (service.post("/jobs", json=video), service.post("/jobs", files={"video": ("a.mp4", b"x" * 64)})):
            assert answer.status_code == 503
            assert answer.json()["error"] == "the video jobs' folder cannot be used; try again later"
        assert until(lambda: service.get("/readyz").json()["jobs"]).startswith("job folder: expected one that can be")


def test_a_service_says_it_once_and_in_readyz(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    randomise(tmp_path / "jobs" / "queue.sqlite")
    with RunningService(tmp_path, "limits.request_seconds=1", forked=True) as service:
        told = until(lambda: service.get("/readyz").json()["jobs"])
        assert told.startswith("queue.sqlite: expected the queue of video jobs, got one that cannot be read")
        for _ in range(3):
            answer = service.get("/jobs")
            assert (answer.status_code, answer.json()["error"]) == (503, told)
        assert len(service.log_lines("video jobs cannot be opened")) == 1
        assert "Traceback" not in service.log()


def test_an_emptied_queue_takes_no_results_away_and_nobody_else_reads_the_state(tmp_path: Path) -> None:
    job = JobFolder(tmp_path / "jobs" / ("a" * 32))
    job.path.mkdir(parents=True)
    JobDefinition(request(SAMPLE), SourceIdentity.of(SAMPLE), 8, {}).write(job)
    upload = tmp_path / "uploads" / "clip.mp4"
    upload.parent.mkdir()
    upload.touch()
    for path in (job.path, upload):
        os.utime(path, (LONG_AGO, LONG_AGO))
    with running_store(tmp_path) as store:
        assert store.problem is not None
        assert store.problem.startswith("queue: expected the 1 jobs whose files are in the jobs' folder")
        state = [job.definition, *(path for path in tmp_path.iterdir() if path.is_file())]
        assert {"queue.sqlite", "service.lock"} <= {path.name for path in state}
        assert {path.name: path.stat().st_mode & 0o077 for path in state if path.stat().st_mode & 0o077} == {}
        until(lambda: not upload.exists())  # uploads are looked at behind the folders of jobs
    assert job.definition.exists()
