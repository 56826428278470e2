"""From detection boxes to the squares that are cropped."""

import numpy as np
from numpy.typing import NDArray

from tracker_service.types import Float64, Squares

HMR2_ASPECT = (192, 256)
"""Width and height of HMR2's input (``BBOX_SHAPE`` of 4D-Humans)."""
_SMALLEST_SIDE = 1.0
"""Pixels; a box without area still gets a square, which shows next to nothing and is then dropped by its presence."""


def expand_sizes(sizes: NDArray[np.floating], aspect: tuple[int, int] = HMR2_ASPECT) -> Float64:
    """Grow (n, 2) widths and heights in one direction until width:height is ``aspect``.

    4D-Humans, ``expand_to_aspect_ratio`` in ``hmr2/datasets/utils.py``.
    """
    width, height = np.asarray(sizes, np.float64).reshape(-1, 2).T
    wide, high = aspect
    too_flat = height * wide < width * high
    return np.stack(
        [
            np.where(too_flat, width, np.maximum(height * wide / high, width)),
            np.where(too_flat, np.maximum(width * high / wide, height), height),
        ],
        axis=1,
    )


def squares(
    boxes: NDArray[np.floating], *, margin: float = 1.0, aspect: tuple[int, int] | None = HMR2_ASPECT
) -> Squares:
    """Return the upright square that is cropped for each box, with the box's centre.

    Args:
        boxes: (n, 4) x1 y1 x2 y2, source pixels.
        margin: side relative to the longer side of the (expanded) box. Raising it shows more surroundings and a
            smaller person; HMR2 takes 1.0, BlazePose 1.25.
        aspect: width and height the box is expanded to first; None takes the box as it is.
    """
    centers, sizes = _centers_and_sizes(boxes)
    if aspect is not None:
        sizes = expand_sizes(sizes, aspect)
    sides = np.maximum(margin * sizes.max(axis=1, initial=0), _SMALLEST_SIDE)
    return Squares(centers.astype(np.float32), sides.astype(np.float32), np.zeros(len(sides), np.float32))


def overlaps(first: NDArray[np.floating], second: NDArray[np.floating]) -> Float64:
    """Return the (n, m) intersections over unions of boxes x1 y1 x2 y2; 0 without area."""
    left, right = first.astype(np.float64)[:, None], second.astype(np.float64)[None]
    shared = np.clip(np.minimum(left[..., 2:], right[..., 2:]) - np.maximum(left[..., :2], right[..., :2]), 0, None)
    intersection = shared.prod(axis=-1)
    union = (left[..., 2:] - left[..., :2]).prod(-1) + (right[..., 2:] - right[..., :2]).prod(-1) - intersection
    part: Float64 = np.divide(intersection, union, out=np.zeros_like(intersection), where=union > 0)
    return part


def _centers_and_sizes(boxes: NDArray[np.floating]) -> tuple[Float64, Float64]:
    corners = np.asarray(boxes, np.float64).reshape(-1, 4)
    return (corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]
