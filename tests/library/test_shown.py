"""What a notebook shows: frames, tracks and runs."""

from collections.abc import Callable
from pathlib import Path

import pytest

import tracker_service as ts
from harness.clips import SAMPLE
from tests.results.frames import frame_result, tracked_person
from tracker_service.errors import ResultsError
from tracker_service.results.ndjson import NdjsonWriter
from tracker_service.results.statistics.frames import FrameStatistics
from tracker_service.results.summary import Summary
from tracker_service.results.summary_files import write_summary
from tracker_service.types import FoundBy

FRAMES = 6


def shown(item: object) -> str:
    show: Callable[[], str] = item._repr_html_  # type: ignore[attr-defined]
    return show()


def frame(number: int) -> ts.FrameResult:
    """Person 1 is seen, person 2 is found by a second look, then predicted."""
    second = {"found_by": FoundBy.SECOND_LOOK} if number < 4 else {"age": number - 3}
    return frame_result(number, tracked_person(1, number), tracked_person(2, number, **second))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Results of a finished run."""
    statistics, lines = FrameStatistics(), NdjsonWriter(tmp_path / "results.ndjson")
    for number in range(FRAMES):
        statistics.add(frame(number))
        lines.write(frame(number))
    lines.close(complete=True)
    summary = Summary.of_run(
        statistics,
        source="walk.mp4",
        model_set="lite",
        runs_on={"hmr_lite": "cpu"},
        elapsed=2.0,
        stages={"detection": 1.25},
        busy={"perception": 0.9},
        settings={"phalp": {"n_init": 5}},
        warnings=("the video broke",),
    )
    write_summary(tmp_path, summary)
    return tmp_path


def test_a_frame_shows_its_people_and_how_they_were_found(folder: Path) -> None:
    read = list(ts.read_results(folder))

    assert "Frame 2, 0.08 s: 2 people" in shown(frame(2))
    assert "second look" in shown(frame(2))
    assert 'stroke-dasharray="6 4"' not in shown(frame(2))
    assert 'stroke-dasharray="6 4"' in shown(frame(5))
    assert [shown(record) for record in read] == [shown(frame(number)) for number in range(FRAMES)]


def test_a_frame_of_nobody_is_empty() -> None:
    text = shown(frame_result(7, shot=True))

    assert "Frame 7, 0.28 s: 0 people, first of a new shot" in text
    assert "<path" not in text
    assert "<table" not in text


def test_a_run_shows_the_page_that_it_has_written(folder: Path) -> None:
    run = ts.read_run(folder)

    assert shown(run) in (folder / "summary.html").read_text()
    assert repr(run) == f"Run({str(folder)!r}: 6 frames, people [1, 2])"


def test_a_track_is_one_person_as_arrays(folder: Path) -> None:
    track = ts.read_run(folder).track(2)

    assert track.frame_numbers.tolist() == list(range(FRAMES))
    assert track.timestamps.tolist() == [number / 25 for number in range(FRAMES)]
    assert [state.value for state in track.states] == ["seen"] * 4 + ["predicted"] * 2
    assert (track.boxes.shape, track.joints_2d.shape, track.joints_3d.shape) == ((6, 4), (6, 45, 2), (6, 45, 3))
    assert (track.joints_3d[3] == frame(3).persons[1].joints_3d).all()


def test_a_track_shows_when_the_person_was_seen(folder: Path) -> None:
    text = shown(ts.read_run(folder).track(2))

    for part in (
        "Person 2: in 6 frames, frames 0 to 5",
        "4 found by a second look",
        "2 predicted",
        'class="predicted"',
    ):
        assert part in text
    assert text.count('stroke-dasharray="6 4"') == 2


def test_a_person_who_is_not_in_the_run_is_refused(folder: Path) -> None:
    with pytest.raises(ResultsError, match=r"track: expected one of \[1, 2\], got 3"):
        ts.read_run(folder).track(3)


@pytest.mark.parametrize("content", [None, b"[]", b"{", b'{"source": "a", "settings": {}}'])
def test_a_folder_without_a_complete_run_is_refused(folder: Path, content: bytes | None) -> None:
    (folder / "summary.json").unlink()
    if content is not None:
        (folder / "summary.json").write_bytes(content)

    with pytest.raises(ResultsError, match=r"summary\.json"):
        ts.read_run(folder)


def test_a_video_shows_and_writes_what_it_has_found_so_far(tmp_path: Path) -> None:
    with ts.track(SAMPLE, end_frame=4, window=2) as video:
        assert "Nobody was found in 0 frames" in shown(video)
        frames = list(video)
    video.write_summary(tmp_path)

    assert video.summary().frames == len(frames) == 4
    assert {"detection", "association"} <= set(video.summary().stages)
    assert shown(video) in (tmp_path / "summary.html").read_text()
