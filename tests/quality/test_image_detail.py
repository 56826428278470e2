"""Sharpness and contrast of crops."""

import cv2
import numpy as np

from tracker_service.quality.image_detail import sharpness_and_contrast
from tracker_service.types import Float32, UInt8

SIDE = 256


def textured(blur: float = 0, gain: float = 1) -> UInt8:
    """A crop of squares of two sizes, as clothes and their folds."""
    x, y = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    image = 90.0 + 50 * ((x // 40 + y // 40) % 2) + 30 * ((x // 4 + y // 4) % 2)
    if blur:
        image = cv2.GaussianBlur(image, (0, 0), blur)
    return np.repeat((gain * image).astype(np.uint8)[..., None], 3, axis=2)


def over_the_crop() -> Float32:
    corners = np.array([[40, 20], [210, 240]], np.float32)
    return np.tile(corners, (23, 1))[None, :45]


def test_blur_lowers_the_sharpness_and_darkness_only_the_contrast() -> None:
    joints = over_the_crop()
    sharp, blurred, dark = (
        sharpness_and_contrast(crop[None], joints)[0] for crop in (textured(), textured(blur=8), textured(gain=0.2))
    )
    assert blurred[0] < 0.5 * sharp[0]
    assert dark[0] > 0.8 * sharp[0]
    assert dark[1] < 0.3 * sharp[1]


def test_a_body_outside_of_its_crop_has_neither() -> None:
    outside = over_the_crop() + 1000
    np.testing.assert_array_equal(sharpness_and_contrast(textured()[None], outside), [[0, 0]])


def test_no_crops_give_no_rows() -> None:
    none = sharpness_and_contrast(np.zeros((0, SIDE, SIDE, 3), np.uint8), np.zeros((0, 45, 2), np.float32))
    assert none.shape == (0, 2)
