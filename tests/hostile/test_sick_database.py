"""H5: the queue's database is away for as long as somebody holds its lock."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.running_service import RunningService
from harness.waiting import until
from tests.api import pictures

FRAME = pictures.sample_jpegs(1)[0]


@contextmanager
def locked(service: RunningService) -> Iterator[None]:
    queue = sqlite3.connect(service.folder / "jobs" / "queue.sqlite", timeout=60, isolation_level=None)
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
        with locked(service):
            refused = service.post("/jobs", files={"video": ("a.mp4", pictures.SAMPLE.read_bytes())})
            assert refused.status_code == 503
            assert "database does not answer" in refused.json()["error"]
            headers = {"Content-Type": "image/jpeg"}
            assert service.post("/pose?frame_number=0", content=FRAME, headers=headers).status_code == 200
            for path in ("/livez", "/health", "/metrics"):
                assert service.get(path).status_code == 200
            service.signal()
            assert service.wait(120) == 0
