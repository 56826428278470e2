"""Jobs that cannot be computed end as failed, and say why without naming a path of this host."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from harness.job_stores import (
    CHUNK,
    contents,
    new_store,
    request,
    running_store,
    wait_complete,
    wait_final,
    wait_for,
    wait_frames,
    worker,
    workers,
)
from harness.waiting import until
from tracker_service.errors import JobError, JobNotFoundError, VideoError
from tracker_service.jobs.job import JobState
from tracker_service.jobs.queue.store_parameters import RunLimits

PATIENT = RunLimits(chunk_frames=CHUNK, free_bytes=0, poll_seconds=0.1)


@contextmanager
def killing_every_worker() -> Iterator[list[int]]:
    """End every worker of this process as soon as it is there; gives their ids."""
    ended, stop = list[int](), Event()

    def hunt() -> None:
        while not stop.wait(0.05):
            for process in workers():
                try:
                    process.send_signal(signal.SIGSEGV)
                except psutil.NoSuchProcess:
                    continue
                if process.pid not in ended:
                    ended.append(process.pid)

    hunter = Thread(target=hunt)
    hunter.start()
    try:
        yield ended
    finally:
        stop.set()
        hunter.join()


def test_a_job_that_always_crashes_its_worker_fails_with_the_reason_and_can_be_resumed(
    clip: Path, undisturbed: Callable[[bool], dict[str, bytes]], tmp_path: Path
) -> None:
    with running_store(tmp_path, run=PATIENT) as store:
        with killing_every_worker() as ended:
            job = store.submit(request(clip, overlay=True))
            failed = wait_final(store, job.id)
        assert failed.state is JobState.FAILED
        assert failed.attempts == 3
        assert len(ended) >= 3  # a worker that waits for the next job may be killed, too, and costs no attempt
        assert failed.reason is not None
        assert "failed 3 times" in failed.reason
        assert "SIGSEGV" in failed.reason
        assert store.counts().finished == 1
        store.resume(job.id)
        done = wait_complete(store, job.id)
    assert contents(done) == undisturbed(False)


def test_a_worker_that_hangs_is_replaced(
    clip: Path, undisturbed: Callable[[bool], dict[str, bytes]], tmp_path: Path
) -> None:
    # Long enough for a worker to start on a crowded machine: only the suspended one may count as hanging.
    with running_store(tmp_path, run=RunLimits(CHUNK, stall_seconds=30.0, free_bytes=0, poll_seconds=0.1)) as store:
        job = store.submit(request(clip, overlay=True))
        wait_frames(store, job.id, CHUNK)
        worker().suspend()
        done = wait_complete(store, job.id)
    assert done.attempts == 2
    assert contents(done) == undisturbed(False)


def test_a_job_that_takes_longer_than_one_may_fails(short: Path, tmp_path: Path) -> None:
    with running_store(tmp_path, run=RunLimits(CHUNK, work_seconds=0.05, free_bytes=0, poll_seconds=0.1)) as store:
        failed = wait_final(store, store.submit(request(short)).id)
    assert failed.state is JobState.FAILED
    assert failed.reason == "computing took longer than the 0.05 s that a job may take"


def test_a_file_that_is_no_video_is_refused_at_once(tmp_path: Path) -> None:
    source = tmp_path / "notes.mp4"
    source.write_text("no video")
    with running_store(tmp_path / "store") as store:
        with pytest.raises(VideoError):
            store.submit(request(source))
        assert store.jobs() == []


def test_a_model_that_is_missing_fails_the_job_and_names_no_path(short: Path, tmp_path: Path) -> None:
    with running_store(tmp_path, inference={"repository": str(tmp_path / "nowhere")}) as store:
        failed = wait_final(store, store.submit(request(short)).id)
    assert failed.state is JobState.FAILED
    assert failed.attempts == 1
    assert failed.reason
    assert str(tmp_path) not in failed.reason
    assert "\n" not in failed.reason


def test_only_one_store_can_be_started_on_a_folder(tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        with pytest.raises(JobError, match="one started store a process"):
            new_store(tmp_path).start()
        assert store.counts().active == 0


def test_a_store_that_is_not_started_says_so(short: Path, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="expected a started store"):
        new_store(tmp_path).submit(request(short))


def test_a_job_nobody_knows_is_not_found(tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        for ask in (store.get, store.cancel, store.resume, store.delete, store.read_lines):
            with pytest.raises(JobNotFoundError):
                ask("f" * 32)


def test_a_job_is_deleted_only_once_it_is_final(clip: Path, tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        job = store.submit(request(clip))
        wait_for(store, job.id, JobState.RUNNING)
        with pytest.raises(JobError, match="expected a final job"):
            store.delete(job.id)
        store.cancel(job.id)
        store.delete(job.id)
        with pytest.raises(JobNotFoundError):
            store.get(job.id)
        until(lambda: not workers())
        assert not job.folder.exists()
