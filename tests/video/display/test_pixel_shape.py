"""Video whose pixels are not square comes at the shape in which it is shown."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.filter import Graph

from tests.video.display.odd_clips import joined, read, texture, write_frames, yuv
from tracker_service.types import UInt8
from tracker_service.video.display.pixel_shape import SquarePixels
from tracker_service.video.probe import properties_of


def clip(path: Path, ratio: str, *, count: int = 4, codec: str = "libx264", rotation: int | None = None) -> Path:
    pixel_format = "rgb24" if codec == "qtrle" else "yuv420p"
    frames = [yuv(texture(number, 96, 64), pixel_format) for number in range(count)]
    lossless = {"qp": "0"} if codec == "libx264" else None
    return write_frames(path, frames, ratio=ratio, codec=codec, rotation=rotation, options=lossless)


def scaled_by_ffmpeg(path: Path, width: int, height: int) -> list[UInt8]:
    """Return the frames as FFmpeg's filter "scale" makes them."""
    images: list[UInt8] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        graph = Graph()
        graph.link_nodes(
            graph.add_buffer(template=stream, time_base=stream.time_base),
            graph.add("scale", f"{width}:{height}:flags=bicubic"),
            graph.add("format", "rgb24"),
            graph.add("buffersink"),
        ).configure()
        for frame in container.decode(stream):
            graph.vpush(frame)
            images.append(np.asarray(graph.vpull().to_ndarray(), np.uint8))
    return images


@pytest.mark.parametrize(
    ("name", "codec", "ratio", "size"),
    [
        ("wide.mkv", "libx264", "4/3", (128, 64)),
        ("wide.mp4", "libx264", "4/3", (128, 64)),
        ("wide.ts", "libx264", "64/45", (137, 64)),
        ("wide.mpg", "mpeg2video", "32/27", (114, 64)),
        ("wide.mov", "qtrle", "4/3", (128, 64)),
        ("tall.mp4", "libx264", "8/9", (96, 72)),
        ("tall.avi", "mpeg4", "10/11", (96, 70)),
    ],
)
def test_frames_have_square_pixels_as_ffmpeg_scales_them(
    tmp_path: Path, name: str, codec: str, ratio: str, size: tuple[int, int]
) -> None:
    path = clip(tmp_path / name, ratio, codec=codec)
    frames, warnings = read(path)
    assert [frame.image.shape[1::-1] for frame in frames] == [size] * 4
    for frame, expected in zip(frames, scaled_by_ffmpeg(path, *size), strict=True):
        difference = np.abs(frame.image.astype(int) - expected)
        assert difference.mean() < 1
        assert difference.max() <= 4
    assert warnings == (f"the pixels are not square: frames of 96x64 are shown as {size[0]}x{size[1]}",)
    properties = properties_of(path, decoded_pixels=0)
    assert (properties.width, properties.height) == size


def test_turned_frames_are_widened_before_they_are_turned(tmp_path: Path) -> None:
    upright, _ = read(clip(tmp_path / "flat.mp4", "4/3"))
    turned, _ = read(clip(tmp_path / "turned.mp4", "4/3", rotation=90))
    assert turned[0].image.shape == (128, 64, 3)
    np.testing.assert_array_equal(turned[0].image, np.rot90(upright[0].image))


@pytest.mark.parametrize("ratio", ["404/405", "1/40", "90/1"], ids=["rounded", "impossible", "impossible too"])
def test_ratios_that_are_nearly_one_or_cannot_be_change_nothing(tmp_path: Path, ratio: str) -> None:
    plain, _ = read(clip(tmp_path / "plain.mp4", "1"))
    frames, warnings = read(clip(tmp_path / "odd.mp4", ratio))
    assert warnings == ()
    for frame, expected in zip(frames, plain, strict=True):
        np.testing.assert_array_equal(frame.image, expected.image)


def test_a_ratio_that_changes_in_mid_stream_holds_from_its_first_frame_on(tmp_path: Path) -> None:
    pieces = [clip(tmp_path / f"{count}.ts", ratio, count=count) for ratio, count in (("1", 12), ("4/3", 13))]
    frames, warnings = read(joined(tmp_path / "changing.ts", pieces))
    assert {frame.image.shape for frame in frames} == {(64, 96, 3)}
    # Frames shown wider than the first one lie between black bars.
    assert [bool(frame.image[:6].max() < 5) for frame in frames] == [False] * 12 + [True] * 13
    assert warnings[0] == "the pixels are not square: frames of 96x64 are shown as 128x64"
    assert "frame 12 is 128x64: it and others of another size were scaled to 96x64" in warnings


def test_the_containers_ratio_counts_until_the_codecs_changes() -> None:
    pixels = SquarePixels(stated=Fraction(4, 3), codec=Fraction(1))
    assert pixels.shown_size(480, 360, Fraction(1)) == (640, 360)
    assert pixels.shown_size(480, 360, Fraction(3, 2)) == (720, 360)
