"""A frame whose time is known is found without reading what lies before it."""

from pathlib import Path

import numpy as np
import pytest

from tracker_service.errors import VideoRangeError
from tracker_service.types import Frame
from tracker_service.video.source import Position, open_source

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "snow_promenade.mp4"


@pytest.fixture(scope="module")
def frames() -> tuple[Frame, ...]:
    with open_source(SAMPLE, end=Position(frame=60)) as source:
        return tuple(source)


@pytest.mark.parametrize("number", [0, 1, 23, 24, 25, 47, 59])
def test_the_frame_and_those_after_it_are_those_of_a_whole_reading(frames: tuple[Frame, ...], number: int) -> None:
    start, time = Position(frame=number), frames[number].timestamp
    with open_source(SAMPLE, start=start, end=Position(frame=60), start_time=time) as source:
        again = tuple(source)
        assert source.warnings == ()
    assert [(frame.number, frame.timestamp) for frame in again] == [
        (frame.number, frame.timestamp) for frame in frames[number:]
    ]
    assert all(np.array_equal(one.image, other.image) for one, other in zip(again, frames[number:], strict=True))


def test_a_time_at_which_no_frame_is_shown_is_refused() -> None:
    with pytest.raises(VideoRangeError, match=r"expected frame 10 at 0\.013 s, found no such frame"):
        open_source(SAMPLE, start=Position(frame=10), start_time=0.013)
