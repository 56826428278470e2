"""How much of people their crops show: details and contrast, or blur and darkness."""

import cv2
import numpy as np
from cv2.typing import MatLike

from tracker_service.body.joints import BODY_25_SIZE
from tracker_service.types import Float32, UInt8

_DETAIL = 0.04
"""Details are what a mean over this part of the body's longer side takes away."""
_REACH = 8
"""Pixels of the crop around the joints that belong to the body."""
_NOISE = 1.0
"""Added to the contrast, so that the noise of an empty dark crop is no detail."""
_SMALLEST = 8
_GREEN = 1
"""The channel that is nearest to brightness."""


def sharpness_and_contrast(crops: UInt8, joints_in_crop: Float32) -> Float32:
    """Measure the part of each crop that the body covers.

    Args:
        crops: (n, s, s, 3) uint8 RGB person crops.
        joints_in_crop: (n, 44 or 45, 2) projected joints, pixels of the crops.

    Returns:
        (n, 2) float32: share of the contrast that is in details, 0 to 1; standard deviation of the brightness, of 255.
    """
    measured = [_measure(crop, joints[:BODY_25_SIZE]) for crop, joints in zip(crops, joints_in_crop, strict=True)]
    return np.array(measured, np.float32).reshape(-1, 2)


def _measure(crop: UInt8, joints: Float32) -> tuple[float, float]:
    size = len(crop)
    left, top = np.clip(joints.min(axis=0) - _REACH, 0, size).astype(int)
    right, bottom = np.clip(joints.max(axis=0) + _REACH, 0, size).astype(int)
    if min(right - left, bottom - top) < _SMALLEST:
        return 0.0, 0.0
    brightness = cv2.extractChannel(crop[top:bottom, left:right], _GREEN)
    kernel = max(3, round(_DETAIL * max(brightness.shape)) | 1)
    details = cv2.subtract(brightness, cv2.boxFilter(brightness, cv2.CV_32F, (kernel, kernel)), dtype=cv2.CV_32F)
    contrast = _deviation(brightness)
    return min(_deviation(details) / (contrast + _NOISE), 1.0), contrast


def _deviation(image: MatLike) -> float:
    return float(cv2.meanStdDev(image)[1][0, 0])
