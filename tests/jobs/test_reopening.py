"""A worker that goes on in the middle of an unusual video sees the frames that a single reading gives."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.video.display.odd_clips import texture, write_frames, write_streams, yuv
from tests.video.display.test_hdr import hdr_frame
from tests.video.display.test_interlaced import interlaced
from tracker_service.jobs.worker.frame_marks import FrameMarker
from tracker_service.jobs.worker.reopening import Reopening
from tracker_service.video.display.tone_map import HdrTransfer
from tracker_service.video.source import open_source

BORDER, COUNT = 8, 12


def wide(path: Path) -> None:
    frames = [yuv(texture(number, 96, 64)) for number in range(COUNT)]
    write_frames(path, frames, ratio="4/3", options={"g": "4"})


def hdr(path: Path) -> None:
    frames = [hdr_frame((10 * number, 90, 60), HdrTransfer.PQ) for number in range(COUNT)]
    write_frames(path, frames, codec="ffv1", transfer=HdrTransfer.PQ)


def of_two_streams(path: Path) -> None:
    write_streams(path, [texture(1, 64, 48), texture(2, 128, 96)], count=COUNT)


@pytest.mark.parametrize(
    ("name", "make", "stream"),
    [
        ("interlaced.mp4", lambda path: interlaced(path, COUNT), -1),
        ("wide.mp4", wide, -1),
        ("hdr.mkv", hdr, -1),
        ("two.mp4", of_two_streams, -1),
        ("two.mp4", of_two_streams, 0),
    ],
    ids=["interlaced", "wide pixels", "HDR", "best stream", "first stream"],
)
def test_frames_behind_a_border_are_found_without_reading_from_the_beginning(
    tmp_path: Path, name: str, make: Callable[[Path], None], stream: int
) -> None:
    path = tmp_path / name
    make(path)
    marker, read = FrameMarker(BORDER, 3), []
    with open_source(path, threads=1, stream=stream) as source:
        whole = list(marker.watch(source))
        assert not source.damaged
    marks = marker.take(BORDER)
    number, time = marks.times[0]
    reopening = Reopening(path, None, 1, stream, BORDER, number, time, marks, damaged=False)
    reopened = reopening.open(lambda: read.append(1))
    with reopened.source:
        again = list(reopened.frames(number))
    assert len(read) == BORDER - number
    assert [(frame.number, frame.timestamp) for frame in again] == [(f.number, f.timestamp) for f in whole[number:]]
    for one, other in zip(again, whole[number:], strict=True):
        np.testing.assert_array_equal(one.image, other.image)
