"""Whatever ends a worker or a service, the job goes on at the last border, and its files are those of a calm run."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from harness.job_stores import (
    CHUNK,
    contents,
    request,
    running_store,
    wait_complete,
    wait_for,
    wait_frames,
    worker,
    workers,
)
from harness.waiting import until
from tests.jobs.conftest import FRAMES
from tracker_service.jobs.chunks.chunk import ChunkFiles
from tracker_service.jobs.job import JobState
from tracker_service.jobs.messages import FrameCounts
from tracker_service.jobs.queue.observer import JobObserver
from tracker_service.settings import load_settings
from tracker_service.wiring.track import track_video

Undisturbed = Callable[[bool], dict[str, bytes]]


def test_a_job_gives_what_the_command_line_gives(clip: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    settings = load_settings({"inference": {"threads": 1}})
    summary = track_video(settings, str(clip), tmp_path)
    files = undisturbed(False)
    assert summary.frames == FRAMES
    assert any(orjson.loads(line)["persons"] for line in files["results.ndjson"].splitlines())
    assert files["results.ndjson"] == (tmp_path / "results.ndjson").read_bytes()


@pytest.mark.parametrize(
    ("chunks_before", "number", "refine"),
    [
        (0, signal.SIGKILL, False),
        (1, signal.SIGSEGV, False),
        (1, signal.SIGKILL, True),
    ],
)
def test_a_killed_worker_costs_one_attempt_and_changes_nothing(
    clip: Path, undisturbed: Undisturbed, tmp_path: Path, chunks_before: int, number: int, refine: bool
) -> None:
    with running_store(tmp_path) as store:
        job = store.submit(request(clip, overlay=True, refine=refine))
        wait_for(store, job.id, JobState.RUNNING)
        # Not frames: with refinement the first chunks of so short a clip have none yet.
        until(lambda: ChunkFiles(job.folder / "chunks").count() >= chunks_before)
        worker().send_signal(number)
        done = wait_complete(store, job.id)
    assert done.attempts == 2
    assert done.frames_done == FRAMES
    assert contents(done) == undisturbed(refine)


class FrameCounter(JobObserver):
    """Counts the frames that were committed."""

    frames = 0

    def committed(self, counts: FrameCounts) -> None:
        self.frames += counts.frames


def test_no_frame_of_a_committed_chunk_is_computed_again(clip: Path, tmp_path: Path) -> None:
    counter = FrameCounter()
    with running_store(tmp_path, observer=counter, drain_seconds=60.0) as store:
        job = store.submit(request(clip))
        wait_frames(store, job.id, CHUNK)
        worker().kill()
        wait_frames(store, job.id, 2 * CHUNK)
    with running_store(tmp_path, observer=counter) as store:
        wait_complete(store, job.id)
    # A worker that is killed the moment it has committed a chunk cannot tell of it any more.
    assert FRAMES - CHUNK <= counter.frames <= FRAMES


@pytest.mark.parametrize("drain_seconds", [0.0, 60.0])
def test_a_closed_store_goes_on_where_it_was(
    clip: Path, undisturbed: Undisturbed, tmp_path: Path, drain_seconds: float
) -> None:
    with running_store(tmp_path, drain_seconds=drain_seconds) as store:
        job = store.submit(request(clip, overlay=True))
        before = wait_frames(store, job.id, CHUNK).frames_done
    assert not workers()
    with running_store(tmp_path) as store:
        found = store.get(job.id)
        assert not found.state.final
        assert found.frames_done >= before
        done = wait_complete(store, job.id)
    assert contents(done) == undisturbed(False)


def test_a_cancelled_job_that_is_resumed_goes_on_where_it_was(
    clip: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    with running_store(tmp_path) as store:
        job = store.submit(request(clip, overlay=True))
        wait_frames(store, job.id, CHUNK)
        assert store.cancel(job.id).state is JobState.CANCELLED
        until(lambda: not workers())
        kept = store.read_lines(job.id, 0, CHUNK)
        assert kept
        store.resume(job.id)
        done = wait_complete(store, job.id)
    assert contents(done)["results.ndjson"].startswith(b"\n".join(kept) + b"\n")
    assert contents(done) == undisturbed(False)


def test_a_job_that_was_cut_off_while_its_files_were_put_together_is_completed(
    clip: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """Kills as soon as the last chunk is there: the files are being joined or are about to be."""
    with running_store(tmp_path) as store:
        job = store.submit(request(clip, overlay=True))
        end = job.folder / "chunks" / "end.json"
        process = worker()
        until(end.exists)
        process.kill()
        done = wait_complete(store, job.id)
    assert contents(done) == undisturbed(False)
    assert [file.name for file in (done.folder / "chunks").iterdir()] == ["end.json"]


def test_result_lines_can_be_read_from_any_frame_while_the_job_runs(clip: Path, tmp_path: Path) -> None:
    lines: list[bytes] = []
    with running_store(tmp_path) as store:
        job = store.submit(request(clip))
        while not store.get(job.id).state.final:
            lines += store.read_lines(job.id, len(lines), 5)
            time.sleep(0.02)  # reading all the time would take the time from the worker
        while more := store.read_lines(job.id, len(lines), 5):
            lines += more
        whole = (job.folder / "results.ndjson").read_bytes()
        assert b"".join(line + b"\n" for line in lines) == whole
        assert store.read_lines(job.id, FRAMES - 3, 64) == lines[-3:]
        assert store.read_lines(job.id, FRAMES, 64) == []
