"""Interlaced video comes as whole frames: as many, at the same times, from wherever reading begins."""

from pathlib import Path

import av
import numpy as np
import pytest
from av.filter import Graph

from tests.video.display.odd_clips import read, texture, write_frames, yuv
from tracker_service.types import UInt8
from tracker_service.video.source import Position, open_source

OPTIONS = {"flags": "+ildct+ilme", "x264-params": "tff=1:keyint=5:scenecut=0"}


def moving_bar(time: float) -> UInt8:
    image = texture(0, 96, 64) // 4
    place = int(8 + 8 * time)
    image[:, place : place + 12] = 240
    return image


def interlaced(path: Path, count: int = 9) -> Path:
    """Write frames whose even rows show one moment and whose odd rows show one half a frame later."""
    frames = []
    for number in range(count):
        image = moving_bar(number)
        image[1::2] = moving_bar(number + 0.5)[1::2]
        frames.append(yuv(image))
    return write_frames(path, frames, options=OPTIONS)


def comb(image: UInt8) -> float:
    """Return how much neighbouring rows differ more than rows of one field do."""
    rows = image.astype(int)
    return float(np.abs(np.diff(rows, axis=0)).mean() - np.abs(rows[2:] - rows[:-2]).mean() / 2)


def deinterlaced_by_ffmpeg(path: Path) -> list[UInt8]:
    images: list[UInt8] = []
    with av.open(str(path)) as container:
        stream, graph = container.streams.video[0], Graph()
        graph.link_nodes(
            graph.add_buffer(template=stream, time_base=stream.time_base),
            graph.add("bwdif", "mode=send_frame"),
            graph.add("buffersink"),
        ).configure()
        for frame in [*container.decode(stream), None]:
            graph.vpush(frame)
            try:
                images.append(np.asarray(graph.vpull().to_ndarray(format="rgb24"), np.uint8))
            except BlockingIOError:
                assert frame is not None
    return images


@pytest.mark.parametrize("name", ["interlaced.mp4", "interlaced.ts", "interlaced.mkv"])
def test_fields_become_whole_frames_at_the_same_times(tmp_path: Path, name: str) -> None:
    path = interlaced(tmp_path / name)
    frames, warnings = read(path)
    assert warnings == ("the video is interlaced: its frames were deinterlaced",)
    assert [frame.number for frame in frames] == list(range(9))
    np.testing.assert_allclose([frame.timestamp for frame in frames], np.arange(9) / 25, atol=0.0006)
    with av.open(str(path)) as container:
        stored = [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)]
    assert min(comb(image) for image in stored) > 15
    assert max(comb(frame.image) for frame in frames) < 1.5
    for frame, expected in zip(frames, deinterlaced_by_ffmpeg(path), strict=True):
        np.testing.assert_array_equal(frame.image, expected)


@pytest.mark.parametrize("count", [1, 2])
def test_the_shortest_videos_lose_no_frame(tmp_path: Path, count: int) -> None:
    frames, _ = read(interlaced(tmp_path / "short.mp4", count))
    assert [frame.number for frame in frames] == list(range(count))


@pytest.mark.parametrize("known", [True, False], ids=["time known", "time unknown"])
def test_reading_from_the_middle_gives_the_frames_of_a_whole_reading(tmp_path: Path, known: bool) -> None:
    path = interlaced(tmp_path / "interlaced.mp4")
    whole, _ = read(path)
    for number in range(9):
        time = whole[number].timestamp if known else None
        end = Position(frame=number + 2)
        with open_source(path, start=Position(frame=number), end=end, start_time=time, threads=1) as source:
            again = list(source)
            assert not source.damaged
        expected = whole[number : number + 2]
        assert [(frame.number, frame.timestamp) for frame in again] == [(f.number, f.timestamp) for f in expected]
        for one, other in zip(again, expected, strict=True):
            np.testing.assert_array_equal(one.image, other.image)
