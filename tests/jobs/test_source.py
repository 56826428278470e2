"""Videos that change between their submission and the end of their job."""

import os
import shutil
from collections.abc import Callable
from html import escape
from pathlib import Path

import orjson
import psutil
import pytest

from harness.clips import as_transport_stream, cut
from harness.job_stores import CHUNK, contents, request, running_store, wait_complete, wait_final, wait_frames, worker
from harness.waiting import until
from tests.jobs.conftest import FRAMES
from tracker_service.jobs.identity import SourceChange, SourceIdentity
from tracker_service.jobs.job import Job, JobState
from tracker_service.jobs.messages import FrameCounts
from tracker_service.jobs.queue.observer import JobObserver
from tracker_service.jobs.queue.store_parameters import QueueLimits

SIZE = 100_000


def touched(path: Path) -> None:
    os.utime(path, (1, 1))


def grown(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"more")


def shrunk(path: Path) -> None:
    os.truncate(path, SIZE - 1)


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"x" * SIZE)
    other.replace(path)


def rewritten(path: Path) -> None:
    path.write_bytes(b"x" * SIZE)


def copied_over(path: Path) -> None:
    other = path.with_name("other")
    shutil.copy2(path, other)
    other.replace(path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (touched, SourceChange.NONE),
        (copied_over, SourceChange.NONE),
        (grown, SourceChange.GROWN),
        (shrunk, SourceChange.SHRUNK),
        (replaced, SourceChange.REPLACED),
        (rewritten, SourceChange.REPLACED),
        (Path.unlink, SourceChange.GONE),
    ],
)
def test_what_became_of_a_file(tmp_path: Path, change: Callable[[Path], None], expected: SourceChange) -> None:
    path = tmp_path / "video"
    path.write_bytes(b"v" * SIZE)
    identity = SourceIdentity.of(path)
    assert identity is not None
    change(path)
    assert identity.change(path) is expected


def frame_numbers(job: Job) -> list[int]:
    lines = (job.folder / "results.ndjson").read_bytes().splitlines()
    return [orjson.loads(line)["frame_number"] for line in lines]


def warnings(job: Job) -> str:
    said: list[str] = orjson.loads((job.folder / "summary.json").read_bytes())["warnings"]
    page = (job.folder / "summary.html").read_text()
    assert all(escape(warning) in page for warning in said)
    return " ".join(said)


class Pausing(JobObserver):
    """Suspends the worker when it has committed a chunk, so that it is not at the end before the video has changed."""

    def __init__(self) -> None:
        self._worker: psutil.Process | None = None

    def committed(self, counts: FrameCounts) -> None:  # noqa: ARG002
        if self._worker is None:
            found = worker()
            found.suspend()
            self._worker = found

    def suspended(self) -> psutil.Process:
        """Return the worker once it is suspended."""
        return until(lambda: self._worker)


@pytest.fixture
def stream(clip: Path, tmp_path: Path) -> Path:
    """The clip as a transport stream, in a place of its own."""
    return as_transport_stream(clip, tmp_path / "stream.ts")


def test_a_video_that_is_cut_short_while_its_worker_is_away_ends_early_and_says_so(
    stream: Path, tmp_path: Path
) -> None:
    pausing = Pausing()
    with running_store(tmp_path / "store", observer=pausing) as store:
        job = store.submit(request(stream))
        pausing.suspended().kill()
        os.truncate(stream, stream.stat().st_size // 2)
        done = wait_complete(store, job.id)
        assert frame_numbers(done) == list(range(done.frames_done))
    assert CHUNK <= done.frames_done <= FRAMES
    assert "the file has shrunk since it was submitted" in warnings(done)


def test_a_video_that_grows_while_it_is_computed_loses_nothing(stream: Path, tmp_path: Path) -> None:
    whole = stream.read_bytes()
    packets = len(whole) // 188
    growing = tmp_path / "growing.ts"
    growing.write_bytes(whole[: packets * 3 // 4 * 188])
    pausing = Pausing()
    with running_store(tmp_path / "store", observer=pausing) as store:
        job = store.submit(request(growing))
        suspended = pausing.suspended()
        with growing.open("ab") as rest:
            rest.write(whole[packets * 3 // 4 * 188 :])
        suspended.kill()
        done = wait_complete(store, job.id)
        assert frame_numbers(done) == list(range(done.frames_done))
    assert FRAMES // 2 < done.frames_done <= FRAMES
    assert "the file has grown since it was submitted" in warnings(done)


def test_a_video_that_is_replaced_while_it_is_computed_fails_the_job(clip: Path, tmp_path: Path) -> None:
    source, other = tmp_path / "walk.mp4", cut(tmp_path / "other.mp4", FRAMES, first=100)
    shutil.copyfile(clip, source)
    pausing = Pausing()
    with running_store(tmp_path / "store", observer=pausing) as store:
        job = store.submit(request(source))
        suspended = pausing.suspended()
        other.replace(source)
        suspended.resume()
        failed = wait_final(store, job.id)
    assert failed.state is JobState.FAILED
    assert failed.attempts == 1
    assert failed.reason is not None
    assert "expected the submitted file, got another one" in failed.reason


def test_a_video_that_is_removed_before_its_turn_fails_the_job(short: Path, clip: Path, tmp_path: Path) -> None:
    source = tmp_path / "short.mp4"
    shutil.copyfile(short, source)
    with running_store(tmp_path / "store", queue=QueueLimits(concurrency=1)) as store:
        first = store.submit(request(clip))
        job = store.submit(request(source))
        source.unlink()
        store.cancel(first.id)
        failed = wait_final(store, job.id)
    assert failed.state is JobState.FAILED
    assert failed.reason == "video: expected the submitted file, got none: it was removed before it was read"


def test_a_video_that_is_removed_while_it_is_read_is_read_to_its_end(
    clip: Path, undisturbed: Callable[[bool], dict[str, bytes]], tmp_path: Path
) -> None:
    source = tmp_path / clip.name
    shutil.copyfile(clip, source)
    with running_store(tmp_path / "store") as store:
        job = store.submit(request(source, overlay=True))
        wait_frames(store, job.id, CHUNK)
        source.unlink()
        done = wait_complete(store, job.id)
    assert contents(done) == undisturbed(False)
