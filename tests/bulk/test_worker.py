"""One worker, without Ray: what it stores, what it leaves out, what it does again."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from harness.clips import cut
from tracker_service.bulk.completion import COMPLETE, read_completion
from tracker_service.bulk.failures import FAILURES, write_failures
from tracker_service.bulk.run import look_at
from tracker_service.bulk.scratch import scratch_folder
from tracker_service.bulk.storage import Place, file_digest
from tracker_service.bulk.work import BulkWork, Outcome, VideoTask
from tracker_service.bulk.worker import VideoWorker
from tracker_service.settings import load_settings
from tracker_service.wiring.track import track_video

SETTINGS = {"render": {"enable": False}, "phalp": {"n_init": 2}}
FRAMES = 4


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bulk")


@pytest.fixture(scope="module")
def work(home: Path) -> BulkWork:
    settings = load_settings({**SETTINGS, "bulk": {"scratch": home / "scratch"}})
    return BulkWork(settings, str(home / "out"))


@pytest.fixture(scope="module")
def worker(work: BulkWork) -> Iterator[VideoWorker]:
    worker = VideoWorker(work)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def task(home: Path) -> VideoTask:
    return VideoTask(str(cut(home / "walk.mp4", FRAMES, width=160)), "walk")


@pytest.fixture
def results(worker: VideoWorker, work: BulkWork, task: VideoTask) -> Path:
    """A folder of finished results."""
    assert worker.run(task).state in {"done", "finished"}
    return Path(work.out) / task.name


def test_results_are_those_of_track_and_the_mark_describes_them(
    results: Path, work: BulkWork, task: VideoTask, tmp_path: Path
) -> None:
    summary = track_video(work.settings, task.address, tmp_path)
    for name in ("results.ndjson", "tracks.pkl"):
        assert (results / name).read_bytes() == (tmp_path / name).read_bytes()
    assert orjson.loads((results / "summary.json").read_bytes())["source"] == task.address
    mark = read_completion(Place(str(results)))
    assert mark is not None
    assert (mark.video, mark.frames, mark.people) == (task.address, FRAMES, len(summary.tracks))
    written = {path.name: path for path in results.iterdir() if path.name != COMPLETE}
    assert {name: (file.size, file.sha256) for name, file in mark.files.items()} == {
        name: (path.stat().st_size, file_digest(path)) for name, path in written.items()
    }


def test_what_is_finished_is_left_out(results: Path, worker: VideoWorker, work: BulkWork, task: VideoTask) -> None:
    before = (results / COMPLETE).stat().st_mtime_ns
    assert worker.run(task) == Outcome(task, "finished", frames=FRAMES, people=worker.run(task).people)
    assert (results / COMPLETE).stat().st_mtime_ns == before
    gone = VideoTask(f"{task.address}.gone", "gone")
    (_, finished), (_, missing) = look_at(work, [task, gone])
    assert finished is not None
    assert finished.state == "finished"
    assert missing == Outcome(gone, "failed", reason=f"{gone.address}: expected to reach the file, got nothing")


@pytest.mark.parametrize("spoilt", ["video", "tracks.pkl", COMPLETE])
def test_what_is_not_whole_or_of_another_video_is_computed_again(
    results: Path, worker: VideoWorker, task: VideoTask, spoilt: str
) -> None:
    if spoilt == "video":
        os.utime(task.address, ns=(1, 1))
    else:
        (results / spoilt).write_bytes((results / spoilt).read_bytes()[:-9])
    assert worker.run(task).state == "done"
    assert worker.run(task).state == "finished"


@pytest.mark.usefixtures("results")
def test_other_settings_are_computed_again_and_other_places_of_computing_are_not(
    work: BulkWork, task: VideoTask
) -> None:
    def state(values: dict[str, object]) -> str | None:
        settings = load_settings({**SETTINGS, **values})
        ((_, outcome),) = look_at(replace(work, settings=settings), [task])
        return None if outcome is None else outcome.state

    assert state({"inference": {"threads": 3}, "pipeline": {"window": 2}}) == "finished"
    assert state({"phalp": {"n_init": 3}}) is None


def test_files_are_verified_by_their_digests_where_that_is_asked_for(
    results: Path, work: BulkWork, task: VideoTask
) -> None:
    path = results / "results.ndjson"
    whole = path.read_bytes()
    path.write_bytes(b"x" + whole[1:])
    ((_, by_length),) = look_at(work, [task])
    ((_, by_digest),) = look_at(replace(work, check_digests=True), [task])
    path.write_bytes(whole)
    assert by_length is not None
    assert by_digest is None


def test_a_broken_video_fails_for_good_and_leaves_nothing(home: Path, worker: VideoWorker, work: BulkWork) -> None:
    (home / "broken.mp4").write_bytes(b"no video")
    outcome = worker.run(VideoTask(str(home / "broken.mp4"), "broken"))
    assert (outcome.state, outcome.may_pass) == ("failed", False)
    assert outcome.reason.startswith(f"{home}/broken.mp4: expected a video")
    assert not (Path(work.out) / "broken").exists()
    write_failures(Place(work.out), [outcome])
    assert orjson.loads((Path(work.out) / FAILURES).read_bytes()) == {
        "video": f"{home}/broken.mp4",
        "name": "broken",
        "reason": outcome.reason,
        "attempts": 1,
    }


def test_a_server_that_is_away_may_be_back_at_the_next_try(work: BulkWork, task: VideoTask, tmp_path: Path) -> None:
    away = {"kind": "triton", "triton_url": "127.0.0.1:9", "budget_seconds": 0.1}
    settings = load_settings({**SETTINGS, "inference": away, "bulk": {"scratch": tmp_path}})
    worker = VideoWorker(replace(work, settings=settings, out=str(tmp_path / "out")))
    outcome = worker.run(task)
    worker.close()
    assert (outcome.state, outcome.may_pass) == ("failed", True)


def test_the_temporary_folder_of_a_killed_worker_goes_with_the_next(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as living:
        (tmp_path / "phalp-triton-bulk-killed" / "video").mkdir(parents=True)
        with scratch_folder(tmp_path) as next_one:
            assert sorted(tmp_path.glob("*/")) == sorted([living, next_one])
    assert not list(tmp_path.glob("*/"))
