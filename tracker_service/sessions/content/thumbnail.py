"""What a frame looks like, in a few bytes, and how much two frames differ."""

import cv2
import numpy as np

from tracker_service.types import Float32, UInt8

THUMBNAIL_SIDE = 8
_FLAT = 4.0


def thumbnail(image: UInt8) -> UInt8:
    """Return the (8, 8, 3) mean colours of an (H, W, 3) image's parts."""
    small = cv2.resize(image, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def is_flat(look: UInt8) -> bool:
    """Whether the frame is black, or one colour all over: it could be of any video."""
    return float(look.reshape(-1, 3).std(axis=0).max()) < _FLAT


def differences(looks: UInt8, look: UInt8) -> Float32:
    """Return the (n,) mean absolute differences between (n, 8, 8, 3) thumbnails and one, 0 to 255."""
    return np.asarray(np.abs(looks.astype(np.int16) - look).mean(axis=(1, 2, 3)), np.float32)
