"""Every odd file gives the frames, timestamps, warnings or error of its row."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.video.clips import read_index
from tests.video.pixels.test_rotation import corners
from tests.zoo.ffmpeg_frames import converted
from tests.zoo.rows import FOLDERS, PICTURES, ROWS, Row
from tracker_service.errors import VideoError
from tracker_service.video.source import open_source

QUARTERS = "RGBW"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_odd_file_gives_what_its_row_says(tmp_path: Path, row: Row) -> None:
    path = tmp_path / row.name
    row.make(path)
    if row.error:
        with pytest.raises(VideoError, match=row.error) as refusal:
            open_source(path)
        assert "\n" not in str(refusal.value)
        return
    with open_source(path, threads=1) as source:
        frames = list(source)
        info, warnings = source.info, source.warnings
    assert (info.width, info.height) == row.size
    assert {frame.image.shape for frame in frames} == {(row.size[1], row.size[0], 3)}
    assert len(frames) == row.frames
    assert (frames[0].timestamp, frames[-1].timestamp) == pytest.approx((row.first, row.last), abs=1e-3)
    times = [frame.timestamp for frame in frames]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert (row.warning in "; ".join(warnings)) if row.warning else warnings == ()
    if row.shows and row in (*PICTURES, *FOLDERS):
        assert {corners(frame.image) for frame in frames} == {QUARTERS}
    elif row.shows:
        assert [read_index(frame.image) for frame in frames] == list(range(row.begins, row.begins + row.frames))


@pytest.mark.parametrize("row", [row for row in ROWS if not row.error], ids=lambda row: row.name)
def test_the_frames_of_an_odd_file_are_those_of_ffmpeg(tmp_path: Path, row: Row) -> None:
    path = tmp_path / row.name
    row.make(path)
    with open_source(path, threads=1) as source:
        frames = np.stack([frame.image for frame in source])[: row.compared]
    expected = converted(row, path)
    assert expected.shape == frames.shape
    difference = np.abs(frames.astype(int) - expected).mean((1, 2, 3))
    assert difference.max() <= row.difference
