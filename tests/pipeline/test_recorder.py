"""Frames are held until they are final and come out in order, each exactly once."""

import numpy as np
import pytest

from tests.pipeline.people import person, tracked_frame
from tracker_service.errors import ContractError
from tracker_service.pipeline.recorder import Recorder, TrackedFrame
from tracker_service.types import ArrayPicture, FrameResult


def test_a_frame_waits_for_the_oldest_open_track() -> None:
    recorder = Recorder()
    recorder.add(tracked_frame(7), [])
    recorder.add(tracked_frame(8), [])
    assert list(recorder.final(7)) == []
    assert [frame.result.frame_number for frame in recorder.final(8)] == [7]
    assert [frame.result.frame_number for frame in recorder.final(None)] == [8]
    assert list(recorder.final(None)) == []


def test_back_filled_people_join_the_frames_they_belong_to_in_order_of_id() -> None:
    recorder = Recorder()
    recorder.add(tracked_frame(3), [person(3, 4)])
    recorder.add(tracked_frame(4), [person(4, 4)])
    recorder.add(tracked_frame(5), [person(5, 4), person(5, 2), person(4, 2), person(3, 2)])
    frames = [frame.result for frame in recorder.final(None)]
    assert [[one.track_id for one in frame.persons] for frame in frames] == [[2, 4], [2, 4], [2, 4]]
    assert all(one.frame_number == frame.frame_number for frame in frames for one in frame.persons)


def test_what_was_known_of_the_frame_reaches_the_result() -> None:
    picture = ArrayPicture(np.zeros((48, 64, 3), np.uint8))
    recorder = Recorder()
    recorder.add(TrackedFrame(FrameResult(0, 1.25, 64, 48, (), shot=True), picture), [])
    (frame,) = recorder.final(None)
    assert frame.picture is picture
    assert (frame.result.timestamp, frame.result.width, frame.result.height) == (1.25, 64, 48)
    assert frame.result.shot


def test_people_may_join_open_frames_later_but_none_is_entered_where_no_frame_is_open() -> None:
    recorder = Recorder()
    recorder.add(tracked_frame(3), [])
    recorder.enter([person(3, 9)])
    (frame,) = recorder.final(None)
    assert [one.track_id for one in frame.result.persons] == [9]
    with pytest.raises(ContractError, match="no frame is open"):
        recorder.enter([person(3, 9)])


@pytest.mark.parametrize("frame_number", [0, 3])
def test_a_record_of_a_frame_that_is_not_open_is_refused(frame_number: int) -> None:
    recorder = Recorder()
    recorder.add(tracked_frame(0), [])
    list(recorder.final(None))
    recorder.add(tracked_frame(1), [])
    with pytest.raises(ContractError, match=f"expected frames 1 to 2, got frame {frame_number}"):
        recorder.add(tracked_frame(2), [person(frame_number, 4)])
