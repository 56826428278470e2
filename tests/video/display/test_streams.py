"""Which of several video streams is read, and at which size one that grows."""

from pathlib import Path

import numpy as np
import pytest

from tests.video.display.odd_clips import joined, read, texture, write_frames, write_streams, yuv
from tracker_service.errors import SettingsError, VideoFormatError
from tracker_service.video.source import Position, open_source

SMALL, LARGE, OTHER = texture(1, 64, 48), texture(2, 128, 96), texture(3, 128, 96)

QUIET = {"libx265": {"x265-params": "log-level=none"}}


def test_the_largest_picture_is_read_whatever_the_default_is(tmp_path: Path) -> None:
    frames, warnings = read(write_streams(tmp_path / "two.mp4", [SMALL, LARGE], default=0))
    assert {frame.image.shape for frame in frames} == {LARGE.shape}
    assert warnings == ("the file has 2 video streams (0: 64x48, 1: 128x96): 1 is read; video.stream chooses another",)


@pytest.mark.parametrize("default", [0, 1])
def test_of_equally_large_pictures_the_default_is_read(tmp_path: Path, default: int) -> None:
    frames, _ = read(write_streams(tmp_path / "two.mkv", [LARGE, OTHER], default=default))
    assert np.abs(frames[0].image.astype(int) - (LARGE, OTHER)[default]).mean() < 12


@pytest.mark.parametrize("stream", [0, 1])
def test_a_stream_can_be_chosen(tmp_path: Path, stream: int) -> None:
    path = write_streams(tmp_path / "two.mp4", [SMALL, LARGE])
    with open_source(path, stream=stream, start=Position(frame=2)) as source:
        assert [frame.number for frame in source] == [2, 3, 4]
        assert (source.info.height, source.info.width) == (SMALL, LARGE)[stream].shape[:2]


def test_a_stream_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = write_streams(tmp_path / "two.mp4", [SMALL, LARGE])
    with pytest.raises(VideoFormatError, match="expected a video stream from 0 to 1, got 2"):
        open_source(path, stream=2)
    with pytest.raises(SettingsError, match="stream: expected a number >= -1, got -2"):
        open_source(path, stream=-2)


def pieces(folder: Path, sizes: list[tuple[int, int]], codec: str = "libx264") -> list[Path]:
    return [
        write_frames(
            folder / f"{number}.ts", [yuv(texture(n, *size)) for n in range(4)], codec=codec, options=QUIET.get(codec)
        )
        for number, size in enumerate(sizes)
    ]


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video", "libx265"])
def test_a_stream_that_starts_small_comes_at_the_size_it_grows_to(tmp_path: Path, codec: str) -> None:
    frames, warnings = read(joined(tmp_path / "growing.ts", pieces(tmp_path, [(80, 48), (160, 96)], codec)))
    assert {frame.image.shape for frame in frames} == {(96, 160, 3)}
    assert np.abs(frames[-2].image.astype(int) - texture(2, 160, 96)).mean() < 12
    assert warnings[0] == "the video starts at 80x48 and grows: all frames have its later size, 160x96"


def test_a_stream_that_shrinks_keeps_its_first_size(tmp_path: Path) -> None:
    frames, warnings = read(joined(tmp_path / "shrinking.ts", pieces(tmp_path, [(160, 96), (80, 48)])))
    assert [frame.image.shape for frame in frames] == [(96, 160, 3)] * 8
    assert "frame 4 is 80x48: it and others of another size were scaled to 160x96" in warnings
