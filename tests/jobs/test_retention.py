"""What is removed when."""

import os
from pathlib import Path

import pytest

from harness.job_stores import request, running_store, wait_complete
from harness.waiting import until
from tracker_service.errors import JobNotFoundError
from tracker_service.jobs.queue.retention import ORPHAN_SECONDS, FinishedJob, SteadyClock, expired, remove_orphans
from tracker_service.jobs.queue.store import JobStore
from tracker_service.jobs.queue.store_parameters import Retention

KIB = 1024


@pytest.fixture
def finished(tmp_path: Path) -> list[FinishedJob]:
    """Jobs of 64 KiB each that ended 10, 20, 30 and 40 s after the epoch."""
    jobs = []
    for number in range(1, 5):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "results").write_bytes(os.urandom(64 * KIB))
        jobs.append(FinishedJob(str(number), folder, 10.0 * number))
    return jobs


@pytest.mark.parametrize(
    ("retention", "now", "removed"),
    [
        (Retention(retention_seconds=100), 50, ""),
        (Retention(retention_seconds=25), 50, "12"),
        (Retention(retention_seconds=1), 5, ""),
        (Retention(retention_seconds=100, retention_bytes=4 * 64 * KIB), 50, ""),
        (Retention(retention_seconds=100, retention_bytes=3 * 64 * KIB), 50, "1"),
        (Retention(retention_seconds=100, retention_bytes=2 * 64 * KIB - 1), 50, "123"),
        (Retention(retention_seconds=25, retention_bytes=64 * KIB), 50, "123"),
        (Retention(retention_seconds=100, retention_bytes=1), 50, "1234"),
    ],
)
def test_the_old_go_first(finished: list[FinishedJob], retention: Retention, now: float, removed: str) -> None:
    assert "".join(sorted(job.job_id for job in expired(finished, retention, now))) == removed


@pytest.mark.parametrize(
    ("moves", "answers"),
    [
        ([(5, 5), (60, 60)], [True, True]),
        ([(3600, 1), (1, 1)], [False, True]),
        ([(-3600, 1), (1, 1)], [False, True]),
        ([(61, 1), (-59, 1), (1, 1)], [True, True, True]),
    ],
)
def test_nothing_is_removed_right_after_a_jump_of_the_clock(
    moves: list[tuple[float, float]], answers: list[bool]
) -> None:
    wall, steady = 1e9, 0.0
    clock = SteadyClock(lambda: wall, lambda: steady)
    found = []
    for by_wall, by_steady in moves:
        wall, steady = wall + by_wall, steady + by_steady
        found.append(clock.now() is not None)
    assert found == answers


def test_orphans_go_when_they_are_old_and_nobodys(tmp_path: Path) -> None:
    for name, age in (("known", 2), ("fresh", 0), ("old", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
        then = 1e9 - age * ORPHAN_SECONDS
        os.utime(tmp_path / name, (then, then))
    (tmp_path / "upload.mp4").touch()
    os.utime(tmp_path / "upload.mp4", (0, 0))
    remove_orphans(tmp_path, {"known"}.__contains__, 1e9)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh", "known"]


def gone(store: JobStore, job_id: str) -> bool:
    try:
        store.get(job_id)
    except JobNotFoundError:
        return True
    return False


def test_a_store_removes_finished_jobs_with_their_files(short: Path, tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        job = store.submit(request(short))
        wait_complete(store, job.id)
        assert not gone(store, job.id)
    with running_store(tmp_path, retention=Retention(retention_bytes=1)) as store:
        until(lambda: gone(store, job.id))
        until(lambda: not job.folder.exists())
