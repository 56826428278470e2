"""A job has one worker; one that was given up cannot write any more."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.job_stores import CHUNK, contents, request, running_store, wait_complete, wait_frames, worker
from harness.waiting import until
from tracker_service.jobs.messages import Locked
from tracker_service.jobs.worker.fence import Fence, JobLockedError
from tracker_service.jobs.worker.task import WorkerTask
from tracker_service.jobs.worker_processes.worker_process import WorkerProcess


def test_only_one_owner_at_a_time_and_each_has_a_higher_number(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with Fence(path) as first:
        first.check()
        with pytest.raises(JobLockedError, match="another one at work"):
            Fence(path)
        first.check()
    with Fence(path) as second:
        assert second.token > first.token
        with pytest.raises(JobLockedError, match=f"got owner {second.token}"):
            first.check()


@pytest.mark.parametrize("content", [b"", b"garbage", b"00000000000000000007\n"])
def test_the_number_rises_whatever_is_in_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lock"
    path.write_bytes(content)
    with Fence(path) as fence:
        fence.check()
        assert fence.token == (8 if content.startswith(b"0") else 1)


def test_a_deleted_job_takes_no_results(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with Fence(path) as fence:
        path.unlink()
        with pytest.raises(JobLockedError, match="deleted"):
            fence.check()


def test_a_second_worker_of_a_running_job_goes_away_without_a_trace(
    clip: Path, undisturbed: Callable[[bool], dict[str, bytes]], tmp_path: Path
) -> None:
    with running_store(tmp_path) as store:
        job = store.submit(request(clip, overlay=True))
        wait_frames(store, job.id, CHUNK)
        first = worker()
        first.suspend()
        second = WorkerProcess({})
        second.assign(WorkerTask(job.folder, 0, store._computing))
        try:
            message = until(lambda: second.receive(0.1))
        finally:
            second.kill()
            first.resume()
        assert isinstance(message, Locked)
        done = wait_complete(store, job.id)
    assert done.attempts == 1
    assert contents(done) == undisturbed(False)


def test_a_worker_that_lost_its_job_commits_nothing_more(
    clip: Path, undisturbed: Callable[[bool], dict[str, bytes]], tmp_path: Path
) -> None:
    """The number of the lock file rises behind its back, as after a lost connection to a network file system."""
    with running_store(tmp_path) as store:
        job = store.submit(request(clip, overlay=True))
        wait_frames(store, job.id, CHUNK)
        first = worker()
        first.suspend()
        (job.folder / "worker.lock").write_bytes(b"%020d\n" % 1000)
        first.resume()
        done = wait_complete(store, job.id)
    assert done.attempts == 2
    assert contents(done) == undisturbed(False)
