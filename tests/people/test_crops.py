from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.people.golden import full_golden, golden
from tracker_service.people.boxes import squares
from tracker_service.people.crops import crop, crop_masks, crop_to_source
from tracker_service.types import Squares, UInt8

EXACT_SAMPLING = int(cv2.__version__.split(".")[0]) >= 5
"""OpenCV 4 rounds coordinates to 1/32 px, OpenCV 5 does not."""
RAMP = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (256, 256, 3)).copy()


def one_square(x: float, y: float, side: float, angle: float = 0.0) -> Squares:
    return Squares(np.array([[x, y]], np.float32), np.array([side], np.float32), np.array([angle], np.float32))


def assert_crop_equals(actual: UInt8, expected: NDArray[Any], *, blurred: bool, opencv: int) -> None:
    """Compare (rows, 256, 3) with the reference's (3, rows, 256) at the tolerance of its OpenCV."""
    levels = expected.astype(np.float64).transpose(1, 2, 0)
    difference = np.abs(actual[: len(levels)] - levels)
    largest, mean = (1.0, 0.3) if opencv == 5 and EXACT_SAMPLING else (5.0, 0.4)
    assert difference.max() <= (4.0 if blurred and EXACT_SAMPLING else largest)
    assert difference.mean() <= mean


def compare_box(data: dict[str, NDArray[Any]], box: int, image: UInt8, xyxy: NDArray[Any], blurred: bool) -> int:
    """Compare every stored crop of one box; returns how many there were."""
    square = squares(xyxy[None])
    compared = 0
    for opencv in (4, 5):
        for path, antialias in (("demo", True), ("tracker", False)):
            name = f"{path}_crop{box}_cv{opencv}"
            if name in data:
                actual = crop(image, square, antialias=antialias)[0]
                assert_crop_equals(actual, data[name], blurred=blurred and antialias, opencv=opencv)
                compared += 1
    mask = np.unpackbits(data[f"segmask{box}_packed"])[: image.shape[0] * image.shape[1]].reshape(image.shape[:2])
    expected = data[f"mask_crop{box}_cv5"]
    frame = np.array([[0, 0, image.shape[1], image.shape[0]]], np.float32)
    shown = crop_masks(mask[None] * np.uint8(255), frame, square)[0, : len(expected)]
    difference = np.abs(shown.astype(int) - expected)
    # A mask is 0 or 255: OpenCV 4's rounding of coordinates alone moves its border by 255/32.
    assert difference.max() <= (1 if EXACT_SAMPLING else 16)
    return compared


@pytest.mark.parametrize(("box", "crops"), [(2, 2), (4, 1), (6, 2)])
def test_crops_are_those_of_the_reference(box: int, crops: int) -> None:
    data = golden("crops_reduced")
    image = np.ascontiguousarray(data[f"image{data[f'box{box}_image']}"][..., ::-1])
    blurred = bool(data[f"box{box}_blurred"])
    assert compare_box(data, box, image, data[f"box{box}_xyxy"], blurred) == crops


@pytest.mark.parametrize("box", range(10))
def test_crops_are_those_of_the_full_golden_set(box: int) -> None:
    data = full_golden("crops")
    image = np.ascontiguousarray(data[f"image{data['box_image'][box]}"][..., ::-1])
    compare_box(data, box, image, data["box_xyxy"][box], bool(data["demo_blurred"][box]))


def test_squares_and_maps_are_those_of_the_full_golden_set() -> None:
    data = full_golden("crops")
    regions = squares(data["box_xyxy"])
    np.testing.assert_allclose(regions.centers, data["demo_box_center"], rtol=1e-6)
    np.testing.assert_allclose(regions.sides, data["demo_box_size"], rtol=1e-6)
    np.testing.assert_allclose(regions.centers, data["tracker_center_size"][:, :2], rtol=1e-6)
    np.testing.assert_allclose(regions.sides, data["tracker_center_size"][:, 2:].max(axis=1), rtol=1e-6)
    corners = data["tracker_padded_xyxy"].reshape(-1, 2, 2)
    np.testing.assert_allclose(regions.sides, np.ptp(corners, axis=1).max(axis=1), rtol=1e-6)
    for to_source, to_crop in zip(crop_to_source(regions), data["affine_2x3"], strict=True):
        back_and_forth = to_crop[:, :2] @ to_source + np.concatenate([np.zeros((2, 2)), to_crop[:, 2:]], axis=1)
        np.testing.assert_allclose(back_and_forth, np.eye(2, 3), atol=1e-4)


@pytest.mark.parametrize("box", range(10))
def test_network_input_is_that_of_the_full_golden_set(box: int) -> None:
    data = full_golden("crops")
    image = np.ascontiguousarray(data[f"image{data['box_image'][box]}"][..., ::-1])
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    rows, columns = data["probe_xy"].T
    for path, antialias in (("demo", True), ("tracker", False)):
        seen = crop(image, squares(data["box_xyxy"][box][None]), antialias=antialias)[0, rows, columns]
        expected = data[f"{path}_probe_normalised_cv5"][box].T
        tolerance = 0.06 if antialias and data["demo_blurred"][box] else 0.02
        tolerance = tolerance if EXACT_SAMPLING else 0.1
        np.testing.assert_allclose((seen / 255 - mean) / std, expected, rtol=0, atol=tolerance)


@given(st.floats(90, 160), st.floats(90, 160), st.floats(10, 120), st.floats(-np.pi, np.pi), st.sampled_from([64, 256]))
def test_every_pixel_shows_the_point_it_is_mapped_to(x: float, y: float, side: float, angle: float, size: int) -> None:
    square = one_square(x, y, side, angle)
    columns, rows = np.meshgrid(np.arange(size), np.arange(size))
    source_x = crop_to_source(square, size)[0, 0] @ np.stack([columns.ravel(), rows.ravel(), np.ones(size * size)])
    shown = crop(RAMP, square, size)[0, ..., 0].ravel()
    assert np.abs(shown - source_x).max() <= 0.55


@pytest.mark.parametrize("angle", [0.0, 0.7])
def test_pixels_are_exactly_those_of_opencv_on_three_channels(angle: float) -> None:
    image = np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8)
    square = one_square(50.3, 41.8, 110.0, angle)
    expected = cv2.warpAffine(
        image, crop_to_source(square)[0], (256, 256), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    np.testing.assert_array_equal(crop(image, square)[0], expected)


def test_a_quarter_turn_shows_the_upright_crop_turned_back() -> None:
    image = np.random.default_rng(0).integers(0, 256, (300, 300, 3)).astype(np.uint8)
    upright = crop(image, one_square(150, 150, 256))[0]
    turned = crop(image, one_square(150, 150, 256, np.pi / 2))[0]
    # The turned crop's upward axis is the image's rightward one.
    np.testing.assert_array_equal(turned[1:], np.rot90(upright, 1)[:-1])


def test_outside_the_frame_is_black() -> None:
    image = np.full((100, 100, 3), 255, np.uint8)
    crops = crop(image, one_square(0, 50, 64), 64)
    assert (crops[0, :, :32] == 0).all()
    assert (crops[0, :, 32:] == 255).all()


@pytest.mark.parametrize("antialias", [False, True])
def test_a_square_beside_the_frame_is_black(antialias: bool) -> None:
    image = np.full((100, 100, 3), 255, np.uint8)
    assert not crop(image, one_square(5000, 5000, 800), antialias=antialias).any()
    frame = np.array([[0, 0, 100, 100]], np.float32)
    assert not crop_masks(np.full((1, 100, 100), 255, np.uint8), frame, one_square(-500, 50, 80)).any()


def test_a_coarse_mask_lies_where_its_box_lies() -> None:
    mask = np.zeros((1, 4, 2), np.uint8)
    mask[0, :, 1] = 255
    shown = crop_masks(mask, np.array([[60, 20, 180, 100]], np.float32), one_square(80, 60, 256))[0]
    rows, columns = np.nonzero(shown > 127)
    # The right half of the box: x from 120 to 180, y from 20 to 100, in a crop that begins at (-48, -68).
    assert (columns.min(), columns.max() + 1) == (168, 228)
    assert (rows.min(), rows.max() + 1) == (88, 168)


def test_a_square_much_larger_than_the_frame_shows_all_of_it() -> None:
    image = np.full((100, 100, 3), 255, np.uint8)
    shown = crop(image, one_square(50, 50, 25600))[0]
    assert shown[128, 128].tolist() == [255, 255, 255]
    assert (shown > 0).any(axis=-1).sum() <= 4


def test_people_of_one_frame_do_not_influence_each_other() -> None:
    image = np.random.default_rng(0).integers(0, 256, (200, 200, 3)).astype(np.uint8)
    both = Squares(
        np.array([[60, 70], [150, 90]], np.float32), np.array([80, 120], np.float32), np.array([0.3, 0], np.float32)
    )
    np.testing.assert_array_equal(crop(image, both)[1:], crop(image, both.take(np.array([1]))))


def test_a_read_only_frame_is_taken_and_nobody_gives_nothing() -> None:
    image = RAMP.copy()
    image.flags.writeable = False
    assert crop(image, one_square(128, 128, 100)).any()
    nobody = one_square(0, 0, 1).take(np.zeros(0, np.int64))
    assert crop(image, nobody).shape == (0, 256, 256, 3)


def test_blur_is_only_for_squares_that_are_reduced_by_more_than_2_2() -> None:
    image = np.random.default_rng(0).integers(0, 256, (900, 900, 3)).astype(np.uint8)
    below, above = one_square(450, 450, 563), one_square(450, 450, 1500)
    np.testing.assert_array_equal(crop(image, below, antialias=True), crop(image, below))
    inside = slice(64, 192)
    blurred, plain = (crop(image, above, antialias=antialias)[0, inside, inside] for antialias in (True, False))
    assert blurred.std() < 0.9 * plain.std()


@pytest.mark.parametrize(("x", "y"), [(400, 450), (100, 850)])
def test_blurring_only_what_is_shown_is_like_blurring_the_whole_frame(x: float, y: float) -> None:
    image = np.random.default_rng(0).integers(0, 256, (900, 900, 3)).astype(np.uint8)
    square, sigma = one_square(x, y, 1024, 0.2), 0.5
    whole = np.rint(cv2.GaussianBlur(image.astype(np.float32), (5, 5), sigma, borderType=cv2.BORDER_REPLICATE))
    expected = crop(whole.astype(np.uint8), square)
    difference = np.abs(crop(image, square, antialias=True).astype(int) - expected)
    assert difference.max() <= (1 if EXACT_SAMPLING else 6)
