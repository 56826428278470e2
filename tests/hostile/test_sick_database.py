"""H5: the queue's database is away for as long as somebody holds its lock."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.clips import cut
from harness.job_stores import request, running_store, wait_complete
from harness.running_service import RunningService
from harness.waiting import until
from tests.api import pictures

FRAME = pictures.sample_jpegs(1)[0]


@contextmanager
def locked(jobs: Path) -> Iterator[None]:
    queue = sqlite3.connect(jobs / "queue.sqlite", timeout=60, isolation_level=None)
    queue.execute("PRAGMA locking_mode = EXCLUSIVE")
    queue.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        queue.close()


def test_frames_health_and_the_stop_do_without_a_database_that_does_not_answer(tmp_path: Path) -> None:
    settings = ("limits.database_seconds=0.5", "service.drain_seconds=0.5")
    with RunningService(tmp_path, *settings, forked=True) as service:
        until(lambda: service.get("/jobs").status_code == 200)
        with locked(service.folder / "jobs"):
            refused = service.post("/jobs", files={"video": ("a.mp4", pictures.SAMPLE.read_bytes())})
            assert refused.status_code == 503
            assert "database does not answer" in refused.json()["error"]
            headers = {"Content-Type": "image/jpeg"}
            assert service.post("/pose?frame_number=0", content=FRAME, headers=headers).status_code == 200
            for path in ("/livez", "/health", "/metrics"):
                assert service.get(path).status_code == 200
            service.signal()
            assert service.wait(120) == 0


def test_a_job_that_ended_while_the_database_was_away_is_complete_once_it_is_back(tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        job = store.submit(request(cut(tmp_path / "short.mp4", 2, width=320)))
        until((job.folder / "worker.lock").exists)  # computing has begun: the database is not asked before its end
        with locked(tmp_path):
            until((job.folder / "summary.json").exists)
        assert wait_complete(store, job.id).frames_done == 2
