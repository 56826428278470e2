"""Corners of the background, and where they are in another frame (Shi and Tomasi 1994; Lucas and Kanade 1981)."""

from typing import Any

import cv2
import numpy as np

from tracker_service.camera.background import Background
from tracker_service.types import Bool, Float32, UInt8

_MOST = 200
"""Corners that are followed; raising it costs time and hardly makes the motion more exact."""
_QUALITY = 0.01
"""Strength of the weakest corner relative to the strongest; raising it leaves fewer, better corners."""
_APART = 7
"""Pixels between two corners; raising it spreads them over the picture."""
_WINDOW = (15, 15)
_LEVELS = 3
_THERE_AND_BACK = 0.5
"""Most pixels between a corner and where it comes out when it is followed there and back (Kalal et al. 2010)."""


def corners(background: Background) -> Float32:
    """Return the (k, 2) corners of a background, x y in its pixels."""
    # OpenCV's annotations do not say that it returns None where there is no corner.
    found: Any = cv2.goodFeaturesToTrack(background.image, _MOST, _QUALITY, _APART, mask=background.outside)
    return np.zeros((0, 2), np.float32) if found is None else np.asarray(found, np.float32).reshape(-1, 2)


def followed(image: UInt8, points: Float32, into: UInt8, *, levels: int = _LEVELS) -> tuple[Float32, Bool]:
    """Follow (k, 2) points of an image into another one.

    Args:
        image: where they are.
        points: x y in its pixels.
        into: where they are looked for.
        levels: halvings of the images. Raising it finds points that moved further, and costs time.

    Returns:
        Where they are, (k, 2), and (k,) which of them come back to their place when they are followed back.
    """
    if not len(points):
        return points, np.zeros(0, np.bool_)
    there, found = _flow(image, into, points, levels)
    back, found_back = _flow(into, image, there, levels)
    return there, found & found_back & (np.linalg.norm(back - points, axis=1) < _THERE_AND_BACK)


def _flow(image: UInt8, into: UInt8, points: Float32, levels: int) -> tuple[Float32, Bool]:
    # OpenCV's annotations ask for somewhere to write to, which it makes itself for None.
    moved, status, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
        image, into, points[:, None], None, winSize=_WINDOW, maxLevel=levels
    )
    return np.asarray(moved, np.float32)[:, 0], np.asarray(status)[:, 0] > 0
