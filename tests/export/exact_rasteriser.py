"""A plain z-buffer in float64, face by face: what the graph's depth map is measured against."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE, FOCAL, NEAR, FAR = 256, 5000.0, 0.1, 100.0
Array = NDArray[np.float64]


def depth_map(points: NDArray[Any], faces: NDArray[Any]) -> Array:
    """Return (256, 256) depth of the nearest face; pixel centres at half numbers, inclusive edges, both sides."""
    points = np.asarray(points, np.float64)
    pixels = FOCAL * points[:, :2] / (points[:, 2:] + 1e-9) + SIZE / 2
    result = np.full((SIZE, SIZE), FAR)
    for face in faces:
        _draw(result, pixels[face], points[face, 2])
    return result


def _draw(result: Array, corners: Array, depths: Array) -> None:
    first = np.maximum(np.ceil(corners.min(0) - 0.5), 0).astype(int)
    last = np.minimum(np.floor(corners.max(0) - 0.5), SIZE - 1).astype(int)
    if (last < first).any():
        return
    columns, rows = np.arange(first[0], last[0] + 1), np.arange(first[1], last[1] + 1)
    x, y = np.meshgrid(columns + 0.5, rows + 0.5)
    (ax, ay), (bx, by), (cx, cy) = corners
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    if area == 0:
        return
    weight_b = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area
    weight_c = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / area
    weights = np.stack([1 - weight_b - weight_c, weight_b, weight_c])
    with np.errstate(divide="ignore"):
        depth = 1 / np.tensordot(1 / depths, np.clip(weights, 0, 1), 1)
    window = result[first[1] : last[1] + 1, first[0] : last[0] + 1]
    drawn = (weights >= 0).all(0) & (depth > NEAR) & (depth < FAR) & (depth < window)
    window[drawn] = depth[drawn]


def sampled(image: Array, pixels: Array) -> Array:
    """Bilinear samples of (256, 256) at (n, 2) pixel positions, zero outside."""
    at = pixels - 0.5
    low = np.floor(at).astype(int)
    share = at - low
    total = np.zeros(len(pixels))
    for dx in (0, 1):
        for dy in (0, 1):
            column, row = low[:, 0] + dx, low[:, 1] + dy
            inside = (column >= 0) & (column < SIZE) & (row >= 0) & (row < SIZE)
            weight = np.abs(1 - dx - share[:, 0]) * np.abs(1 - dy - share[:, 1])
            total += np.where(inside, weight * image[np.clip(row, 0, SIZE - 1), np.clip(column, 0, SIZE - 1)], 0)
    return total


def visible(points: NDArray[Any], faces: NDArray[Any], texel_corners: NDArray[Any], weights: NDArray[Any]) -> Any:
    """Return whether each texel (its face's corners, its barycentric weights) is seen, as upstream decides it."""
    texels = (np.asarray(points, np.float64)[texel_corners] * weights[..., None]).sum(1)
    pixels = FOCAL * texels[:, :2] / (texels[:, 2:] + 1e-9) + SIZE / 2
    return texels[:, 2] <= sampled(depth_map(points, faces), pixels) + 1e-4
