import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_service.people.letterbox import Letterbox, fit, letterbox

SIDES = st.integers(1, 4000)
CANVAS = st.integers(32, 1024)


@given(SIDES, SIDES, CANVAS, CANVAS, st.data())
def test_a_box_comes_back_to_where_it_was(width: int, height: int, wide: int, high: int, data: st.DataObject) -> None:
    place = fit((width, height), (wide, high))
    xs = sorted(data.draw(st.floats(0, width)) for _ in range(2))
    ys = sorted(data.draw(st.floats(0, height)) for _ in range(2))
    boxes = np.array([[xs[0], ys[0], xs[1], ys[1]]])
    on_canvas = boxes * ([place.width / width, place.height / height] * 2) + [place.left, place.top] * 2
    np.testing.assert_allclose(place.boxes_to_source(on_canvas), boxes, rtol=0, atol=0.02)


@given(SIDES, SIDES, CANVAS, CANVAS)
def test_the_frame_fills_one_side_of_the_canvas_and_is_centred(width: int, height: int, wide: int, high: int) -> None:
    place = fit((width, height), (wide, high))
    assert place.width == wide or place.height == high
    assert 0 <= wide - place.width - 2 * place.left <= 1
    assert 0 <= high - place.height - 2 * place.top <= 1


@given(SIDES, SIDES, CANVAS, CANVAS)
def test_the_frame_keeps_its_proportions_up_to_a_pixel(width: int, height: int, wide: int, high: int) -> None:
    place = fit((width, height), (wide, high))
    assert abs(place.width * height - place.height * width) <= max(width, height)


@pytest.mark.parametrize(
    ("frame_size", "expected"),
    [
        ((1080, 1920), Letterbox(1080, 1920, 360, 640, 140, 0)),
        ((1920, 1080), Letterbox(1920, 1080, 640, 360, 0, 140)),
    ],
    ids=["portrait", "landscape"],
)
def test_the_longer_side_of_the_frame_decides_the_scale(frame_size: tuple[int, int], expected: Letterbox) -> None:
    assert fit(frame_size, (640, 640)) == expected


@given(SIDES, SIDES, CANVAS, CANVAS)
def test_the_corners_of_the_frame_come_back_exactly(width: int, height: int, wide: int, high: int) -> None:
    place = fit((width, height), (wide, high))
    inner = [[place.left, place.top, place.left + place.width, place.top + place.height]]
    np.testing.assert_allclose(place.boxes_to_source(np.array(inner)), [[0, 0, width, height]], rtol=1e-6)


def test_boxes_are_clipped_to_the_frame() -> None:
    _, place = letterbox(np.zeros((50, 100, 3), np.uint8), (200, 200))
    boxes = np.array([[-10.0, 0.0, 210.0, 200.0]])
    np.testing.assert_array_equal(place.boxes_to_source(boxes), [[0, 0, 100, 50]])


def test_no_boxes_stay_no_boxes() -> None:
    _, place = letterbox(np.zeros((50, 100, 3), np.uint8), (200, 200))
    assert place.boxes_to_source(np.zeros((0, 4), np.float32)).shape == (0, 4)


@pytest.mark.parametrize("padding", [0, 114])
def test_the_rest_of_the_canvas_has_the_padding(padding: int) -> None:
    canvas, place = letterbox(np.full((50, 100, 3), 200, np.uint8), (64, 64), padding=padding)
    assert canvas.shape == (64, 64, 3)
    assert (canvas[place.top : place.top + place.height] == 200).all()
    assert (canvas[: place.top] == padding).all()
    assert (canvas[place.top + place.height :] == padding).all()


def test_width_and_height_of_the_canvas_are_not_mixed_up() -> None:
    canvas, _ = letterbox(np.zeros((288, 384, 3), np.uint8), (416, 320))
    assert canvas.shape == (320, 416, 3)


@pytest.mark.parametrize("height", [80, 640, 1280])
def test_strong_reduction_averages_instead_of_skipping_pixels(height: int) -> None:
    stripes = np.zeros((height, 640, 3), np.uint8)
    stripes[:, np.arange(640) % 10 < 2] = 200
    canvas, place = letterbox(stripes, (64, height // 10))
    shown = canvas[place.top : place.top + place.height, place.left : place.left + place.width]
    assert np.abs(shown.astype(int) - 40).max() <= 1


def test_a_read_only_frame_is_taken() -> None:
    image = np.full((50, 100, 3), 7, np.uint8)
    image.flags.writeable = False
    canvas, _ = letterbox(image, (50, 50))
    assert canvas.max() == 7
