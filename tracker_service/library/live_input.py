"""What a caller gives a live tracker and with each image, checked before anything is computed."""

import math
from numbers import Integral, Real

import numpy as np

from tracker_service.errors import ContractError, SettingsError
from tracker_service.types import ArrayPicture, Detections
from tracker_service.types.arrays import checked_exact


def checked_rate(fps: object) -> float:
    """Return a number of images a second; raises `SettingsError` unless it is finite and above 0."""
    if isinstance(fps, bool) or not isinstance(fps, Real) or not 0 < float(fps) < math.inf:
        raise SettingsError(f"fps: expected a finite number above 0, got {fps!r}")
    return float(fps)


def checked_picture(image: object) -> ArrayPicture:
    """Return the picture of an image; raises `ContractError` unless it is a uint8 array of (H, W, 3) with pixels."""
    pixels = checked_exact("image", image, np.uint8, (None, None, 3))
    if pixels.size == 0:
        raise ContractError(f"image: expected at least one pixel, got shape {pixels.shape}")
    return ArrayPicture(pixels)


def checked_number(number: object, last: int) -> int:
    """Return the number of an image; raises `ContractError` unless it is an integer greater than the last one's."""
    if isinstance(number, bool) or not isinstance(number, Integral):
        raise ContractError(f"frame_number: expected an integer, got {number!r}")
    if number <= last:
        raise ContractError(f"frame_number: expected more than {last}, got {number}")
    return int(number)


def checked_timestamp(timestamp: object) -> float:
    """Return the time of an image, seconds; raises `ContractError` unless it is a finite number."""
    if isinstance(timestamp, bool) or not isinstance(timestamp, Real) or not math.isfinite(timestamp):
        raise ContractError(f"timestamp: expected a finite number of seconds, got {timestamp!r}")
    return float(timestamp)


def checked_detections(detections: object, *, with_identities: bool) -> Detections | None:
    """Return the detections of an image as they are; None means that none were given.

    Raises:
        ContractError: they are something else, a score is outside [0, 1], or they should have identities and do not.
    """
    if detections is not None and not isinstance(detections, Detections):
        raise ContractError(f"detections: expected Detections, got {type(detections).__name__}")
    if with_identities and (detections is None or detections.identities is None):
        raise ContractError("detections: expected identities, because use_gt is true, got none")
    if detections is not None:
        outside = detections.scores[(detections.scores < 0) | (detections.scores > 1)]
        if outside.size:
            raise ContractError(f"detections: expected scores from 0 to 1, got {float(outside[0]):g}")
    return detections
