import numpy as np
import pytest
from av.video.frame import VideoFrame

from tracker_service.types import UInt8
from tracker_service.video.pixels.rgb import RgbConverter

# Kr and Kb of ITU-R BT.601, BT.709 and BT.2020, and FFmpeg's numbers for the matrices.
MATRICES = {"bt601": (5, 0.299, 0.114), "bt709": (1, 0.2126, 0.0722), "bt2020": (9, 0.2627, 0.0593)}
UNTAGGED = (2, 0.299, 0.114)
COLORS = [(255, 255, 255), (0, 0, 0), (220, 30, 40), (30, 200, 60), (25, 40, 210), (128, 128, 128), (240, 220, 20)]


def yuv_frame(
    rgb: tuple[int, int, int], pixel_format: str, tag: int, kr: float, kb: float, full_range: bool, tagged_range: bool
) -> VideoFrame:
    """Return a frame of one colour, computed from the definition of Y'CbCr."""
    red, green, blue = (value / 255 for value in rgb)
    y = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - y) / (2 * (1 - kb)), (red - y) / (2 * (1 - kr))
    bits = {"10le": 10, "12le": 12}.get(pixel_format[-4:], 8)
    scales = (255, 255, 0) if full_range else (219, 224, 16)
    values = [scales[2] + scales[0] * y, 128 + scales[1] * cb, 128 + scales[1] * cr]
    frame = VideoFrame(64, 48, pixel_format)
    for plane, value in zip(frame.planes, values, strict=False):
        dtype = np.uint16 if bits > 8 else np.uint8
        sample = int(np.clip(round(value * 2 ** (bits - 8)), 0, 2**bits - 1))
        plane.update(np.full(plane.buffer_size // dtype().itemsize, sample, dtype).tobytes())
    frame.colorspace = tag
    frame.color_range = (2 if full_range else 1) if tagged_range else 0
    return frame


def converted(frame: VideoFrame) -> UInt8:
    return RgbConverter(frame).picture(frame).pixels()


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p12le"])
@pytest.mark.parametrize("matrix", [*MATRICES.values(), UNTAGGED], ids=[*MATRICES, "untagged"])
@pytest.mark.parametrize("full_range", [False, True], ids=["limited", "full"])
def test_colors_follow_the_declared_matrix_and_range(
    pixel_format: str, matrix: tuple[int, float, float], full_range: bool
) -> None:
    for rgb in COLORS:
        image = converted(yuv_frame(rgb, pixel_format, *matrix, full_range, tagged_range=True))
        np.testing.assert_allclose(image.reshape(-1, 3), np.tile(rgb, (64 * 48, 1)), atol=3.5)


@pytest.mark.parametrize(("pixel_format", "full_range"), [("yuv420p", False), ("yuvj420p", True)])
def test_range_without_a_tag_is_that_of_the_pixel_format(pixel_format: str, full_range: bool) -> None:
    for rgb in COLORS:
        image = converted(yuv_frame(rgb, pixel_format, *MATRICES["bt601"], full_range, tagged_range=False))
        np.testing.assert_allclose(image[0, 0], rgb, atol=3.5)


@pytest.mark.parametrize(
    ("pixel_format", "pixels", "expected"),
    [
        ("rgba", [10, 200, 90, 7], (10, 200, 90)),
        ("bgr24", [10, 200, 90], (90, 200, 10)),
        ("rgb24", [10, 200, 90], (10, 200, 90)),
    ],
)
def test_packed_formats_keep_their_colors_and_lose_their_alpha(
    pixel_format: str, pixels: list[int], expected: tuple[int, int, int]
) -> None:
    frame = VideoFrame.from_ndarray(np.tile(np.array(pixels, np.uint8), (48, 64, 1)), format=pixel_format)
    np.testing.assert_array_equal(converted(frame)[0, 0], expected)


@pytest.mark.parametrize("tag", [3, 8, 14, 127])
def test_matrix_that_cannot_be_converted_is_taken_for_the_usual_one(tag: int) -> None:
    frame = yuv_frame((220, 30, 40), "yuv420p", tag, *UNTAGGED[1:], full_range=False, tagged_range=True)
    np.testing.assert_allclose(converted(frame)[0, 0], (220, 30, 40), atol=3.5)


def test_converting_does_not_change_an_earlier_image() -> None:
    dark, bright = (
        yuv_frame(color, "yuv420p", *MATRICES["bt709"], full_range=False, tagged_range=True)
        for color in ((0, 0, 0), (255, 255, 255))
    )
    converter = RgbConverter(dark)
    first = converter.picture(dark).pixels()
    converter.picture(bright).pixels()
    assert first.max() <= 3
