"""A live run as ordinary results in parts."""

from pathlib import Path

import tracker_service as ts
from tests.results.frames import frame_result, tracked_person
from tracker_service.live.live_frame_result import LiveFrameResult
from tracker_service.live.live_parameters import LiveParameters
from tracker_service.live.recording import LiveRecording
from tracker_service.results.frame_statistics import FrameStatistics


def live_frame(number: int) -> LiveFrameResult:
    """A frame of which four before it were skipped: 5 a second at 25 Hz."""
    result = frame_result(5 * number, tracked_person(3, 5 * number))
    return LiveFrameResult(result, source_frame=5 * number, skipped=4, captured=1e9 + number / 5, latency=0.1)


def test_a_part_is_an_ordinary_folder_of_results_with_true_times(tmp_path: Path) -> None:
    with LiveRecording(tmp_path, 25, LiveParameters()) as recording:
        for number in range(2, 5):
            recording.write(live_frame(number))
    frames = list(ts.read_results(tmp_path / "part-00001"))
    assert [frame.frame_number for frame in frames] == [0, 1, 2]
    assert [round(frame.timestamp, 6) for frame in frames] == [0.0, 0.2, 0.4]
    assert [person.track_id for frame in frames for person in frame.persons] == [3, 3, 3]
    assert (tmp_path / "part-00001" / "tracks.pkl").is_file()


def test_a_part_ends_after_its_time_and_the_oldest_make_room(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []

    def note(folder: Path, statistics: FrameStatistics) -> None:
        told.append((folder.name, statistics.frames))

    parameters = LiveParameters(record_seconds=0.4, record_bytes=1)
    with LiveRecording(tmp_path, 25, parameters, note) as recording:
        for number in range(5):
            recording.write(live_frame(number))
    assert told == [("part-00001", 2), ("part-00002", 2), ("part-00003", 1)]
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["part-00003"]


def test_a_recording_goes_on_behind_the_parts_of_an_earlier_one(tmp_path: Path) -> None:
    for _ in range(2):
        with LiveRecording(tmp_path, 25, LiveParameters()) as recording:
            recording.write(live_frame(0))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part-00001", "part-00002"]


def test_a_recording_without_a_frame_writes_nothing(tmp_path: Path) -> None:
    with LiveRecording(tmp_path, 25, LiveParameters()):
        pass
    assert list(tmp_path.iterdir()) == []
