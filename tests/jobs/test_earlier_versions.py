"""Jobs that version 1 of the queue has left: their request stands in the queue, and each chunk is a step."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from harness.job_stores import CHUNK, contents, request, running_store, wait_complete, wait_frames, worker
from harness.waiting import until
from tracker_service.jobs.folder import JobFolder
from tracker_service.jobs.job import Job, JobState
from tracker_service.jobs.queue.database import QueueDatabase
from tracker_service.jobs.queue.earlier_version import adopt


def make_version_1(folder: Path, jobs: list[Job]) -> None:
    """Bring the queue and the folders of jobs into the form of version 1."""
    with closing(sqlite3.connect(folder / "queue.sqlite")) as queue, queue:
        queue.execute("UPDATE workflow_status SET application_version = '1'")
        for job in jobs:
            definition = orjson.loads((job.folder / "job.json").read_bytes())
            arguments = {"namedArgs": {}, "positionalArgs": [job.id, definition.pop("request")]}
            (job.folder / "job.json").write_bytes(orjson.dumps(definition))
            queue.execute(
                "UPDATE workflow_input SET inputs = ? WHERE workflow_uuid = ?",
                (orjson.dumps(arguments).decode(), job.id),
            )
            for manifest in (job.folder / "chunks").glob("*.json"):
                chunk_1 = orjson.loads(manifest.read_bytes()) | {"tracks": {"adler": 1, "length": 0}}
                manifest.write_bytes(orjson.dumps(chunk_1))
            if job.frames_done:
                chunk = orjson.dumps({"chunk": 0, "frames_done": job.frames_done, "last": False}).decode()
                queue.execute(
                    "INSERT INTO operation_outputs (workflow_uuid, function_id, function_name, output, serialization)"
                    " VALUES (?, 1, 'chunk', ?, 'portable_json')",
                    (job.id, chunk),
                )


@pytest.fixture
def left(clip: Path, short: Path, tmp_path: Path) -> dict[str, Job]:
    """One running job with a chunk, one queued with its upload, and one cancelled, as a killed service left them."""
    folder = tmp_path / "store"
    with running_store(folder) as store:
        running = store.submit(request(clip, overlay=True, client="anna"))
        upload = store.uploads / "upload.mp4"
        upload.write_bytes(short.read_bytes())
        queued = store.submit(request(upload, delete_source=True, priority=150))
        cancelled = store.cancel(store.submit(request(short)).id)
        running = wait_frames(store, running.id, CHUNK)
        worker().kill()
    make_version_1(folder, [running, queued, cancelled])
    return {"running": running, "queued": queued, "cancelled": cancelled}


def test_unfinished_jobs_are_taken_over_with_their_ids_and_cancelled_ones_can_be_resumed(
    left: dict[str, Job], undisturbed: Callable[[bool], dict[str, bytes]], tmp_path: Path
) -> None:
    with running_store(tmp_path / "store") as store:
        found = {name: store.get(job.id) for name, job in left.items()}
        assert {name: job.request for name, job in found.items()} == {name: job.request for name, job in left.items()}
        assert found["cancelled"].state is JobState.CANCELLED
        done = wait_complete(store, left["running"].id)
        assert [job.id for job in store.jobs(client="anna")] == [done.id]
        wait_complete(store, left["queued"].id)
        until(lambda: not left["queued"].request.source.exists())
        assert store.get(left["cancelled"].id).state is JobState.CANCELLED
        store.resume(left["cancelled"].id)
        wait_complete(store, left["cancelled"].id)
    assert contents(done) == undisturbed(False)


def test_a_job_that_somebody_else_has_taken_over_meanwhile_is_not_cancelled_again(
    left: dict[str, Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = left["cancelled"]
    with running_store(tmp_path / "store") as store:
        store.resume(job.id)
        with monkeypatch.context() as patch:
            patch.delattr(QueueDatabase, "cancel")
            adopt(JobFolder(job.folder), store._database)
        wait_complete(store, job.id)


def test_a_takeover_that_was_cut_off_is_made_again(left: dict[str, Job], tmp_path: Path) -> None:
    """As after a power cut between its two changes of the queue: the job is cancelled, and marked."""
    job = left["queued"]
    with closing(sqlite3.connect(tmp_path / "store" / "queue.sqlite")) as queue, queue:
        queue.execute(
            "UPDATE workflow_status SET status = 'CANCELLED', queue_name = NULL WHERE workflow_uuid = ?", (job.id,)
        )
    (job.folder / "adopted").touch()
    with running_store(tmp_path / "store") as store:
        store.cancel(left["running"].id)
        assert not store.get(job.id).state.final
        wait_complete(store, job.id)


def test_a_job_whose_folder_is_gone_is_cancelled_and_holds_up_no_other(left: dict[str, Job], tmp_path: Path) -> None:
    (left["running"].folder / "job.json").unlink()
    with running_store(tmp_path / "store") as store:
        wait_complete(store, left["queued"].id)
        assert {job.id for job in store.jobs()} == {left["queued"].id, left["cancelled"].id}
        until(lambda: store.counts().active == 0)
