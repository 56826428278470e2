"""A full disk pauses jobs; they go on when there is room."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.job_stores import CHUNK, contents, request, running_store, wait_complete, wait_for, wait_frames
from harness.small_disk import NotPossibleHereError, fill, small_disk
from tracker_service.errors import DiskFullError
from tracker_service.jobs.disk import is_full, used_bytes
from tracker_service.jobs.job import JobState
from tracker_service.jobs.queue.store_parameters import RunLimits

MIB = 1 << 20
LIMITS = RunLimits(chunk_frames=CHUNK, free_bytes=2 * MIB, poll_seconds=0.1)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MiB."""
    folder = tmp_path / "disk"
    try:
        with small_disk(folder):
            yield folder
    except NotPossibleHereError as error:
        pytest.skip(str(error))


def test_a_job_pauses_below_the_limit_and_goes_on_when_there_is_room(
    clip: Path, undisturbed: Callable[[bool], dict[str, bytes]], disk: Path
) -> None:
    with running_store(disk, run=LIMITS) as store:
        job = store.submit(request(clip, overlay=True))
        wait_frames(store, job.id, CHUNK)
        ballast = fill(disk, leave=MIB)
        paused = wait_for(store, job.id, JobState.PAUSED)
        assert paused.reason is not None
        assert "no room for results" in paused.reason or "free disk" in paused.reason
        assert store.counts().paused == 1
        assert [found.id for found in store.jobs(state=JobState.PAUSED)] == [job.id]
        with pytest.raises(DiskFullError, match="expected 2 MiB of free disk"):
            store.submit(request(clip))
        ballast.unlink()
        done = wait_complete(store, job.id)
    assert done.reason is None
    assert contents(done) == undisturbed(False)


def test_a_write_that_fails_because_the_disk_is_full_pauses_too(
    clip: Path, undisturbed: Callable[[bool], dict[str, bytes]], disk: Path, tmp_path: Path
) -> None:
    """No limit is kept free here, so the writing itself runs into the end of the disk."""
    jobs = disk / "jobs"
    jobs.mkdir()
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "jobs").symlink_to(jobs)
    with running_store(tmp_path / "store", run=replace(LIMITS, free_bytes=0)) as store:
        job = store.submit(request(clip, overlay=True))
        wait_frames(store, job.id, CHUNK)
        ballast = fill(disk, leave=0)
        paused = wait_for(store, job.id, JobState.PAUSED)
        time.sleep(1.0)
        now = store.get(job.id)
        assert (now.state, now.attempts) == (JobState.PAUSED, paused.attempts), "it must not try again and again"
        ballast.unlink()
        done = wait_complete(store, job.id)
    assert contents(done) == undisturbed(False)


def test_a_paused_job_can_be_cancelled(clip: Path, disk: Path) -> None:
    with running_store(disk, run=LIMITS) as store:
        job = store.submit(request(clip))
        wait_frames(store, job.id, CHUNK)
        fill(disk, leave=MIB)
        wait_for(store, job.id, JobState.PAUSED)
        assert store.cancel(job.id).state is JobState.CANCELLED


def test_a_disk_with_too_little_room_takes_no_jobs(short: Path, tmp_path: Path) -> None:
    with running_store(tmp_path, run=replace(LIMITS, free_bytes=1 << 60)) as store:
        with pytest.raises(DiskFullError, match="of free disk for results"):
            store.submit(request(short))
        assert list((tmp_path / "jobs").iterdir()) == []


def test_what_a_folder_takes_is_counted_in_blocks(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").write_bytes(b"x" * MIB)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert used_bytes(tmp_path / "inner") == pytest.approx(MIB, abs=64 * 1024)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(28, "full"), True),
        (OSError(122, "quota"), True),
        (DiskFullError("less than wanted"), True),
        (OSError(5, "broken"), False),
        (None, False),
    ],
)
def test_full_disks_are_told_from_broken_ones(error: Exception | None, expected: bool) -> None:
    assert is_full(error) is expected
    wrapped = ValueError()
    wrapped.__cause__ = error
    assert is_full(wrapped) is expected
