import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.results.frames import frame_result, placed, tracked_person
from tracker_service.results.statistics.frames import FrameStatistics, TrackSummary
from tracker_service.results.summary import Summary
from tracker_service.results.summary_files import write_summary
from tracker_service.types import DroppedDetections, FoundBy, PersonState, WorldDoubt

SEEN = 0


def counted(*ages: dict[int, int], start: int = 0) -> FrameStatistics:
    """Count one frame per argument; each maps track ids to the age of their record."""
    statistics = FrameStatistics()
    for number, frame in enumerate(ages, start=start):
        persons = [tracked_person(track_id, number, age=age) for track_id, age in frame.items()]
        statistics.add(frame_result(number, *persons, dropped=DroppedDetections(1, 2, 3)))
    return statistics


def summary_of(statistics: FrameStatistics, **changes: Any) -> Summary:
    fields: dict[str, Any] = {
        "source": "walk.mp4",
        "model_set": "lite",
        "runs_on": {"detector_lite": "cpu", "hmr_lite": "cuda"},
        "elapsed": 2.0,
        "stages": {"detect": 1.25, "track": 0.5},
        "busy": {"reading": 0.25, "perception": 0.9375},
        "settings": {"window": 16},
    }
    return Summary.of_run(statistics, **fields | changes)


def test_counts_of_a_run() -> None:
    statistics = counted({1: SEEN}, {1: 1, 2: SEEN}, {1: 2, 2: SEEN}, start=10)

    assert (statistics.frames, statistics.seen, statistics.predicted) == (3, 3, 2)
    assert statistics.duration == pytest.approx(0.08)
    assert statistics.dropped == DroppedDetections(3, 6, 9)
    assert statistics.tracks() == (
        TrackSummary(1, first_frame=10, last_frame=10, seen=1, predicted=2, recorded=1),
        TrackSummary(2, first_frame=11, last_frame=12, seen=2, predicted=0, recorded=2),
    )


def test_second_looks_and_lost_people_are_counted_apart() -> None:
    statistics = FrameStatistics()
    for number, person in enumerate(
        (
            tracked_person(1, 0),
            tracked_person(1, 1, found_by=FoundBy.SECOND_LOOK),
            tracked_person(1, 2, age=1),
            tracked_person(1, 3, age=2, state=PersonState.LOST),
            tracked_person(1, 4),
        )
    ):
        statistics.add(frame_result(number, person))

    (track,) = FrameStatistics.restore(statistics.state()).tracks()

    assert track == TrackSummary(1, 0, 4, seen=3, predicted=1, recorded=4, second_look=1, lost=1)
    assert track.coverage == 0.8
    assert "3 seen (1 by a second look), 1 predicted, 1 lost person-frames" in summary_of(statistics).text()


def test_how_many_places_in_the_world_are_reliable_is_in_the_summary() -> None:
    statistics, small = FrameStatistics(), WorldDoubt.SMALL
    for number, doubts in enumerate(((), (small,), (), ())):
        statistics.add(frame_result(number, tracked_person(1, number, world=placed(*doubts))))
    summary = summary_of(FrameStatistics.restore(statistics.state()))
    told = json.loads(summary.to_json())
    assert told["world"] == {"placed": 4, "reliable": 3, "assumed": 4, "doubts": {"small": 1}}
    assert any("places in the world are not reliable because people are small" in line for line in told["advice"])
    assert "75% of 4 reliable; the focal length is not known, so distances are rough" in summary.text()


def test_prediction_without_a_sighting_makes_no_track() -> None:
    statistics = counted({1: 2}, {1: SEEN})

    assert (statistics.seen, statistics.predicted) == (1, 1)
    assert statistics.tracks() == (TrackSummary(1, first_frame=1, last_frame=1, seen=1, predicted=0, recorded=1),)


@pytest.mark.parametrize(
    ("frames", "coverage"),
    [
        ([{1: SEEN}], 1.0),
        ([{1: SEEN}, {1: SEEN}], 1.0),
        ([{1: SEEN}, {1: 1}, {1: 2}, {1: SEEN}], 1.0),
        ([{1: SEEN}, {}, {}, {1: SEEN}], 0.5),
        ([{1: SEEN}, {1: 1}, {}, {1: SEEN}], 0.75),
        ([{1: SEEN}, {1: SEEN}, {1: 1}, {}, {}], 1.0),
        ([{}, {1: SEEN}, {}], 1.0),
    ],
)
def test_coverage_counts_the_frames_between_first_and_last_sighting(
    frames: list[dict[int, int]], coverage: float
) -> None:
    (track,) = counted(*frames).tracks()

    assert track.coverage == coverage


def test_summary_says_everything_as_json(tmp_path: Path) -> None:
    statistics = counted({1: SEEN}, {1: SEEN, 2: SEEN}, {2: SEEN})
    write_summary(tmp_path, summary_of(statistics, warnings=("the video broke after frame 2",)))

    record = json.loads((tmp_path / "summary.json").read_text())

    assert (record["source"], record["model_set"], record["settings"]) == ("walk.mp4", "lite", {"window": 16})
    assert (record["frames"], record["people"], record["seen"], record["predicted"]) == (3, 2, 4, 0)
    assert (record["fps"], record["elapsed"], record["coverage"]) == (1.5, 2.0, 1.0)
    assert record["stages"] == {"detect": 1.25, "track": 0.5}
    assert record["dropped"] == asdict(DroppedDetections(3, 6, 9))
    assert record["tracks"][1] == {
        "track_id": 2,
        "first_frame": 1,
        "last_frame": 2,
        "seen": 2,
        "predicted": 0,
        "recorded": 2,
        "second_look": 0,
        "lost": 0,
        "coverage": 1.0,
    }
    assert record["runs_on"] == {"detector_lite": "cpu", "hmr_lite": "cuda"}
    assert record["warnings"] == ["the video broke after frame 2"]
    assert {"python", "numpy", "onnxruntime"} <= set(record["versions"])
    assert record["peak_memory"] > 2**20


def test_settings_that_json_does_not_know_become_text(tmp_path: Path) -> None:
    record = json.loads(summary_of(counted(), settings={"out": tmp_path}).to_json())

    assert record["settings"]["out"] == str(tmp_path)


def test_the_timeline_is_for_the_page_and_not_in_the_json() -> None:
    record = json.loads(summary_of(counted({1: SEEN}, {1: 1})).to_json())

    assert "timeline" not in record


def test_summary_says_the_essentials_as_text() -> None:
    text = summary_of(counted({1: SEEN}, {1: 1}), warnings=("something broke",)).text()

    for part in ("walk.mp4", "2 (0.0 s of video)", "1: 1 seen, 1 predicted", "100.0%", "1.0 frames/s"):
        assert part in text
    for part in (
        "2 low score",
        "4 small",
        "detect 1.2 s, track 0.5 s",
        "perception, busy 94% of the time",
        "something broke",
        "detector_lite on cpu, hmr_lite on cuda",
    ):
        assert part in text


def test_run_without_people_is_summarised() -> None:
    summary = summary_of(FrameStatistics(), elapsed=0.0, stages={})

    assert (summary.frames, summary.fps, summary.coverage, summary.tracks) == (0, 0.0, None, ())
    assert json.loads(summary.to_json())["coverage"] is None
    assert "coverage        none\n" in summary.text()
    assert "not measured" in summary.text()


def test_peak_memory_is_that_of_the_process() -> None:
    program = (
        "import psutil\n"
        "from tracker_service.results.summary import peak_memory\n"
        "block = bytearray(200 * 2**20)\n"
        "block[::4096] = b'x' * len(block[::4096])\n"
        "largest = psutil.Process().memory_info().rss\n"
        "del block\n"
        "print(peak_memory() / largest)\n"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).resolve().parents[2], capture_output=True, check=True
    )

    assert float(output.stdout) == pytest.approx(1, abs=0.01)
