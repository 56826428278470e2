"""A live run as ordinary results in parts."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np

import tracker_service as ts
from tests.results.frames import frame_result, tracked_person
from tracker_service.live.live_frame_result import LiveFrameResult
from tracker_service.live.live_parameters import LiveParameters
from tracker_service.live.recording import LiveRecording
from tracker_service.results.statistics.frames import FrameStatistics
from tracker_service.types import UInt8


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


def test_frames_of_another_size_begin_a_new_part(tmp_path: Path) -> None:
    turned = replace(live_frame(1), result=frame_result(5, width=240, height=320))
    with LiveRecording(tmp_path, 25, LiveParameters()) as recording:
        for frame in (live_frame(0), turned, turned):
            recording.write(frame)
    parts = sorted(tmp_path.iterdir())
    assert [len(list(ts.read_results(part))) for part in parts] == [1, 2]


def test_recordings_that_share_their_room_make_room_for_each_other(tmp_path: Path) -> None:
    with LiveRecording(tmp_path / "old", 25, LiveParameters(), room=tmp_path) as recording:
        recording.write(live_frame(0))
    tight = LiveParameters(record_bytes=1)
    with LiveRecording(tmp_path / "new", 25, tight, room=tmp_path) as recording:
        recording.write(live_frame(0))
    assert [path.parent.name for path in tmp_path.glob("*/part-*")] == ["new"]


def test_a_recording_keeps_within_its_room_while_it_grows(tmp_path: Path) -> None:
    with LiveRecording(tmp_path, 25, LiveParameters(record_seconds=1e6, record_bytes=300_000)) as recording:
        for number in range(300):
            recording.write(live_frame(number))
            if number % 10 == 0:
                used = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
                assert used <= 300_000
    names = sorted(path.name for path in tmp_path.iterdir())
    assert "part-00001" not in names


def test_a_recording_may_have_its_overlay(tmp_path: Path) -> None:
    def draw(frame: LiveFrameResult) -> UInt8:
        return np.full((frame.result.height, frame.result.width, 3), 20 * frame.source_frame, np.uint8)

    with LiveRecording(tmp_path, 25, LiveParameters(), draw=draw) as recording:
        for number in range(3):
            recording.write(live_frame(number))
    with av.open(str(tmp_path / "part-00001" / "overlay.mp4")) as video:
        assert [round(float(frame.time), 2) for frame in video.decode(video=0)] == [0.0, 0.2, 0.4]


def test_a_recording_goes_on_behind_the_parts_of_an_earlier_one(tmp_path: Path) -> None:
    for _ in range(2):
        with LiveRecording(tmp_path, 25, LiveParameters()) as recording:
            recording.write(live_frame(0))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part-00001", "part-00002"]


def test_a_recording_without_a_frame_writes_nothing(tmp_path: Path) -> None:
    with LiveRecording(tmp_path, 25, LiveParameters()):
        pass
    assert list(tmp_path.iterdir()) == []
