"""The similarity that carries the background of one frame into another, and how far it can be trusted."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from tracker_service.types import Float32, Float64

_INLIER = 1.0
"""Pixels by which a corner may miss the common motion: five times what following it costs, less than people move."""
_LEAST = 10
_LEAST_SHARE = 0.3
"""Fewer corners, or a smaller share of them, agree by chance."""
_ENOUGH = 30
"""Corners in agreement from which on more would not make the motion more certain."""
_GRID = (4, 4)
_WIDE = 0.5
"""Share of the picture's cells, of those of the grid, over which corners that agree must be spread for full trust."""


@dataclass(frozen=True, slots=True, eq=False)
class BackgroundMotion:
    """Motion between two small copies.

    Attributes:
        matrix: (3, 3) similarity, pixels of the first copy to those of the second.
        confidence: 0 to 1; 0 where nothing can be said, with the identity as matrix.
        inliers: corners that agree.
        moments: (3, 3), see `CameraMotion`, pixels of the copies; None where nothing can be said.
    """

    matrix: Float64
    confidence: float
    inliers: int
    moments: Float64 | None = None


def estimate_motion(points: Float32, moved: Float32, size: tuple[int, int]) -> BackgroundMotion:
    """Estimate the motion that most of (k, 2) corners have in common (RANSAC, then least squares over its inliers).

    The confidence is the share of corners that agree, less where they are few or close together.

    Args:
        points: in the first copy.
        moved: in the second.
        size: width and height of the copies.
    """
    nothing = BackgroundMotion(np.eye(3), 0.0, 0)
    if len(points) < _LEAST:
        return nothing
    affine: Any  # None where no motion is found, which OpenCV's annotations do not say
    affine, agrees = cv2.estimateAffinePartial2D(points, moved, method=cv2.RANSAC, ransacReprojThreshold=_INLIER)
    if affine is None:
        return nothing
    inliers = np.asarray(agrees)[:, 0] > 0
    count, share = int(inliers.sum()), float(inliers.mean())
    if count < _LEAST or share < _LEAST_SHARE:
        return nothing
    matrix = np.eye(3)
    matrix[:2] = affine
    confidence = share * min(1.0, count / _ENOUGH) * min(1.0, _covered(points[inliers], size) / _WIDE)
    return BackgroundMotion(matrix, confidence, count, _moments(points[inliers], moved[inliers]))


def _moments(points: Float32, moved: Float32) -> Float64:
    before, after = (np.column_stack([places, np.ones(len(places))]) for places in (points, moved))
    return np.asarray(after.T @ before / len(points), np.float64)


def farthest_shift(matrix: Float64, size: tuple[int, int]) -> float:
    """Return by how many pixels a motion moves that corner of the picture which it moves farthest."""
    width, height = size
    places = np.array([(x, y, 1.0) for x in (0, width) for y in (0, height)])
    moved = places @ matrix.T
    return float(np.linalg.norm(moved[:, :2] / moved[:, 2:] - places[:, :2], axis=1).max())


def _covered(points: Float32, size: tuple[int, int]) -> float:
    cells = np.minimum((points / np.array(size, np.float32) * _GRID).astype(np.int64), np.array(_GRID) - 1)
    return len(set(map(tuple, cells.tolist()))) / (_GRID[0] * _GRID[1])
