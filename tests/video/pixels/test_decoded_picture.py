"""What is looked at of a decoded frame is what the whole frame, converted to RGB, would show."""

import struct

import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame

from tracker_service.camera.background import background_of
from tracker_service.people.crops import crop
from tracker_service.people.letterbox import letterbox
from tracker_service.types import ArrayPicture, Float64, Squares, UInt8
from tracker_service.video.pixels.decoded_picture import DecodedPicture
from tracker_service.video.pixels.orientation import Orientation

WIDTH, HEIGHT = 642, 360
MATRICES = {"bt601": (5, 0.299, 0.114), "bt709": (1, 0.2126, 0.0722)}
EXACT = ["yuv420p", "yuvj420p", "yuv422p"]
OTHERS = ["yuv444p", "nv12", "yuv420p10le", "yuv422p10le", "yuv411p", "rgb24", "gray"]
WINDOWS = [
    (0, 64, 0, 64),
    (10, 71, 21, 122),
    (301, 360, 597, 642),
    (7, 8, 9, 10),
    (0, 360, 0, 642),
    (33, 200, 100, 117),
]
LYING = [
    Orientation(),
    Orientation(transposed=True, mirrored_x=True),
    Orientation(mirrored_x=True, mirrored_y=True),
    Orientation(transposed=True, mirrored_y=True),
]


def noisy(pixel_format: str, width: int = WIDTH, height: int = HEIGHT, matrix: int = 1) -> VideoFrame:
    """Return a frame whose planes hold random numbers."""
    random = np.random.default_rng(3)
    frame = VideoFrame(width, height, pixel_format)
    for plane in frame.planes:
        pixels = random.integers(0, 256, plane.buffer_size).astype(np.uint8)
        if "10le" in pixel_format:
            pixels = (pixels.view(np.uint16) & 1023).view(np.uint8)
        plane.update(pixels.tobytes())
    frame.colorspace = matrix
    return frame


def painted(matrix: int, full_range: bool) -> tuple[VideoFrame, Float64]:
    """Return a smooth colourful frame in yuv420p, and the RGB that the definition of Y'CbCr gives for it."""
    random = np.random.default_rng(4)
    small = random.integers(60, 190, (3, 6, 8), np.uint8)
    luma = cv2.resize(small[0], (640, 360), interpolation=cv2.INTER_CUBIC)
    chroma = [cv2.resize(plane, (320, 180), interpolation=cv2.INTER_CUBIC) for plane in small[1:]]
    frame = VideoFrame(640, 360, "yuv420p")
    for plane, pixels in zip(frame.planes, (luma, *chroma), strict=True):
        padded = np.zeros((plane.height, plane.line_size), np.uint8)
        padded[:, : plane.width] = pixels
        plane.update(padded.tobytes())
    number, kr, kb = next(entry for entry in MATRICES.values() if entry[0] == matrix)
    frame.colorspace, frame.color_range = number, 2 if full_range else 1
    of_luma, of_chroma, black = (255, 255, 0) if full_range else (219, 224, 16)
    y = (luma - float(black)) / of_luma
    cb, cr = ((plane.repeat(2, axis=0).repeat(2, axis=1) - 128.0) / of_chroma for plane in chroma)
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    return frame, np.clip(255 * np.stack([red, green, blue], axis=-1), 0, 255)


@pytest.mark.parametrize("orientation", LYING, ids=["upright", "left", "upside down", "right"])
@pytest.mark.parametrize("pixel_format", [*EXACT, *OTHERS])
def test_a_window_is_pixel_for_pixel_that_of_the_whole_frame(pixel_format: str, orientation: Orientation) -> None:
    frame = noisy(pixel_format)
    whole = DecodedPicture(frame, orientation).pixels()
    for top, bottom, left, right in WINDOWS:
        rows, columns = slice(top, bottom), slice(left, right)
        if orientation.transposed:
            rows, columns = columns, rows
        part = DecodedPicture(frame, orientation).window(rows, columns)
        np.testing.assert_array_equal(part[..., :3], whole[rows, columns])


@pytest.mark.parametrize("size", [(641, 360), (640, 361), (641, 361)])
def test_a_window_of_a_frame_with_odd_sides_is_that_of_the_whole_frame(size: tuple[int, int]) -> None:
    frame = noisy("yuv420p", *size)
    whole = DecodedPicture(frame, Orientation()).pixels()
    part = DecodedPicture(frame, Orientation()).window(slice(300, size[1]), slice(597, size[0]))
    np.testing.assert_array_equal(part[..., :3], whole[300:, 597:])


@pytest.mark.parametrize("antialias", [False, True])
def test_crops_are_the_same_as_those_of_the_whole_frame(antialias: bool) -> None:
    frame = noisy("yuv420p")
    centers, sides = np.array([[200, 150], [600, 300], [50, -20]], np.float32), np.array([90, 700, 333], np.float32)
    squares = Squares(centers, sides, np.array([0, 1, 2], np.float32))
    expected = crop(DecodedPicture(frame, Orientation()).pixels(), squares, antialias=antialias)
    np.testing.assert_array_equal(crop(DecodedPicture(frame, Orientation()), squares, antialias=antialias), expected)


@pytest.mark.parametrize("full_range", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize("matrix", [entry[0] for entry in MATRICES.values()], ids=MATRICES)
def test_a_letterboxed_frame_has_the_declared_colours(matrix: int, full_range: bool) -> None:
    frame, true = painted(matrix, full_range)
    canvas, place = letterbox(DecodedPicture(frame, Orientation()), (320, 320))
    shown = canvas[place.top : place.top + place.height]
    reduced = cv2.resize(true, (place.width, place.height), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(shown, reduced, atol=2.5)
    assert abs(float((shown - reduced).mean())) < 0.3


@pytest.mark.parametrize("orientation", LYING, ids=["upright", "left", "upside down", "right"])
def test_a_reduced_frame_is_upright(orientation: Orientation) -> None:
    picture = DecodedPicture(painted(1, full_range=False)[0], orientation)
    expected = ArrayPicture(picture.pixels())
    assert picture.size == expected.size
    size = (picture.size[0] // 3, picture.size[1] // 3)
    for made, whole in (
        (picture.reduced(size), expected.reduced(size)),
        (picture.thumbnail(size), expected.reduced(size)),
    ):
        assert made.shape == whole.shape
        assert np.abs(made.astype(int) - whole).max() <= 4


def test_brightness_is_the_luma_from_black_to_white() -> None:
    frame = VideoFrame(64, 48, "yuv420p")
    for plane, value in zip(frame.planes, (235, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    white = background_of(DecodedPicture(frame, Orientation()), np.zeros((0, 4), np.float32))
    assert white.image.shape == (48, 64)
    assert white.image.min() >= 254
    reduced = DecodedPicture(frame, Orientation(transposed=True)).brightness((24, 32))
    assert (reduced.shape, int(reduced.min()) >= 254) == ((32, 24), True)


@pytest.mark.parametrize("full_range", [True, False])
@pytest.mark.parametrize("matrix", [entry[0] for entry in MATRICES.values()], ids=MATRICES)
def test_a_small_grey_copy_is_the_luma_whatever_the_colours(matrix: int, full_range: bool) -> None:
    frame = painted(matrix, full_range)[0]
    plane = frame.planes[0]
    luma = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
    black, white = (0, 255) if full_range else (16, 235)
    means = cv2.resize(luma, (80, 45), interpolation=cv2.INTER_AREA).astype(np.float64)
    expected = np.clip(255 * (means - black) / (white - black), 0, 255)
    grey = DecodedPicture(frame, Orientation()).brightness((80, 45))
    assert np.abs(grey.astype(int) - expected).max() <= 2


def test_a_turned_phone_video_is_cut_out_upright() -> None:
    matrix = struct.unpack("=9i", struct.pack("=9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30))
    orientation = Orientation.from_display_matrix(matrix)
    frame = noisy("yuv420p")
    whole: UInt8 = DecodedPicture(frame, orientation).pixels()
    assert whole.shape == (WIDTH, HEIGHT, 3)
    part = DecodedPicture(frame, orientation).window(slice(5, 301), slice(3, 200))
    np.testing.assert_array_equal(part[..., :3], whole[5:301, 3:200])


def test_a_reduced_frame_does_not_depend_on_those_reduced_before() -> None:
    frames = [painted(matrix, full_range)[0] for matrix in (1, 5) for full_range in (False, True)]
    frames += [noisy("yuv420p", width) for width in (64, 66, 68, 70, 72, 74)]
    sizes = ((40, 24), (24, 40))
    once = [DecodedPicture(frame, Orientation()).reduced(size) for size in sizes for frame in frames]
    back = [DecodedPicture(frame, Orientation()).reduced(size) for size in sizes[::-1] for frame in frames[::-1]]
    for first, second in zip(once, back[::-1], strict=True):
        np.testing.assert_array_equal(first, second)
    assert (once[0] != once[1]).any()
