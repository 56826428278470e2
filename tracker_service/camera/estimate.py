"""The similarity that carries the background of one frame into another, and how far it can be trusted."""

import math
from dataclasses import dataclass
from typing import Any, Self

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
        points: (k, 2) corners that agree, in the first copy.
        moved: (k, 2) the same in the second.
    """

    matrix: Float64
    confidence: float
    points: Float32
    moved: Float32

    @classmethod
    def unknown(cls) -> Self:
        """Return that of copies of which nothing can be said."""
        nothing = np.zeros((0, 2), np.float32)
        return cls(np.eye(3), 0.0, nothing, nothing)

    @property
    def inliers(self) -> int:
        """How many corners agree."""
        return len(self.points)

    @property
    def moments(self) -> Float64:
        """(3, 3), see `CameraMotion`, pixels of the copies; there must be corners."""
        before, after = (np.column_stack([places, np.ones(len(places))]) for places in (self.points, self.moved))
        return np.asarray(after.T @ before / len(self.points), np.float64)


def estimate_motion(points: Float32, moved: Float32, size: tuple[int, int]) -> BackgroundMotion:
    """Estimate the motion that most of (k, 2) corners have in common (RANSAC, then least squares over its inliers).

    The confidence is the share of corners that agree, less where they are few or close together.

    Args:
        points: in the first copy.
        moved: in the second.
        size: width and height of the copies.
    """
    if len(points) < _LEAST:
        return BackgroundMotion.unknown()
    affine: Any  # None where no motion is found, which OpenCV's annotations do not say
    affine, agrees = cv2.estimateAffinePartial2D(points, moved, method=cv2.RANSAC, ransacReprojThreshold=_INLIER)
    if affine is None:
        return BackgroundMotion.unknown()
    inliers = np.flatnonzero(agrees)
    count = len(inliers)
    share = count / len(points)
    if count < _LEAST or share < _LEAST_SHARE:
        return BackgroundMotion.unknown()
    matrix = np.eye(3)
    matrix[:2] = affine
    agreeing = points[inliers]
    confidence = share * min(1.0, count / _ENOUGH) * min(1.0, _covered(agreeing, size) / _WIDE)
    return BackgroundMotion(matrix, confidence, agreeing, moved[inliers])


def farthest_shift(matrix: Float64, size: tuple[int, int]) -> float:
    """Return by how many pixels a similarity moves that corner of the picture which it moves farthest."""
    (a, b, right), (c, d, down) = matrix[:2].tolist()
    corners = [(x, y) for x in (0, size[0]) for y in (0, size[1])]
    return max(math.hypot(a * x + b * y + right - x, c * x + d * y + down - y) for x, y in corners)


def _covered(points: Float32, size: tuple[int, int]) -> float:
    cells = np.minimum((points / np.array(size, np.float32) * _GRID).astype(np.int64), np.array(_GRID) - 1)
    return len(set((cells[:, 0] * _GRID[1] + cells[:, 1]).tolist())) / (_GRID[0] * _GRID[1])
