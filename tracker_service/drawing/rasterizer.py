"""A z-buffer in numpy: which triangle is seen in each pixel.

Every triangle is cut into pixel rows and every row into pixels, all triangles at once; the nearest surface of a pixel
is found by one unbuffered maximum over keys that hold the inverse depth in their upper and the triangle in their lower
half. Only the box around the projected mesh is touched.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker_service.drawing.camera import PinholeCamera
from tracker_service.errors import ContractError
from tracker_service.types import Bool, Float32, Float64, Int64

NEAR = 0.05
"""Triangles that come nearer than this, in metres, are dropped."""
_EDGE_TOLERANCE = 1e-9
"""Pixels; keeps a pixel centre that lies exactly on a shared edge in both triangles."""


@dataclass(frozen=True, slots=True)
class Raster:
    """What a mesh covers of an image; h and w are the size of the covered region.

    Attributes:
        left, top: position of the region in the image, pixels.
        triangles: (h, w) int64, row in the mesh's faces, -1 where nothing is covered.
        depth: (h, w) float32, metres, infinite where nothing is covered.
    """

    left: int
    top: int
    triangles: Int64
    depth: Float32

    @property
    def mask(self) -> Bool:
        """(h, w) bool, True where the mesh is seen."""
        return self.triangles >= 0

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the region in the image."""
        height, width = self.triangles.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


@dataclass(frozen=True, slots=True)
class _Region:
    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


def rasterize(
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
    camera: PinholeCamera,
    size: tuple[int, int],
    *,
    cull: bool = True,
) -> Raster:
    """Find the nearest triangle of a mesh in every pixel centre.

    Args:
        vertices: (V, 3) metres in camera space.
        faces: (F, 3) indices; seen from outside the corners run counter-clockwise in a right-handed space.
        camera: maps camera space to pixels.
        size: width and height of the image.
        cull: leave out triangles that face away (right for closed meshes, and twice as fast).

    Raises:
        ContractError: vertices are not (V, 3) or faces not (F, 3).
    """
    points: Float64 = np.asarray(vertices, np.float64)
    indices: Int64 = np.asarray(faces, np.int64)
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ContractError(f"rasterize: expected vertices of shape (*, 3), got {vertices.shape}")
    if faces.ndim != 2 or faces.shape[1] != 3:
        raise ContractError(f"rasterize: expected faces of shape (*, 3), got {faces.shape}")
    corners, kept = _visible_triangles(points, indices, camera, cull=cull)
    region = _region(corners[:, :, :2], size)
    keys = np.zeros(region.width * region.height, np.uint64)
    if len(kept) and len(keys):
        triangle, pixel, inverse_depth = _fragments(corners, region)
        fragment_keys = inverse_depth.astype(np.float32).view(np.uint32).astype(np.uint64) << np.uint64(32)
        np.maximum.at(keys, pixel, fragment_keys | triangle.astype(np.uint64))
    return _resolve(keys.reshape(region.height, region.width), kept, region)


def barycentric(
    raster: Raster, vertices: NDArray[np.floating], faces: NDArray[np.integer], camera: PinholeCamera
) -> tuple[Int64, Float64]:
    """Return where in its triangle every covered pixel lies, corrected for perspective.

    Returns:
        corners: (p, 3) vertex indices of the p covered pixels, in the order of ``raster.mask``.
        weights: (p, 3), their sum is 1; interpolate a vertex attribute as ``(attribute[corners] * weights).sum``.
    """
    rows, columns = np.nonzero(raster.mask)
    corners = np.asarray(faces, np.int64)[raster.triangles[rows, columns]]
    points = np.asarray(vertices, np.float64)[corners]
    x = (columns + (raster.left + 0.5) - camera.center_x) / camera.focal
    y = (rows + (raster.top + 0.5) - camera.center_y) / camera.focal
    # The ray (x, y, 1) meets the plane of the triangle; its weights are ratios of triple products.
    ray = np.stack([x, y, np.ones_like(x)], axis=-1)
    weights = np.stack([_triple(ray, points[:, (k + 1) % 3], points[:, (k + 2) % 3]) for k in range(3)], axis=-1)
    total = weights.sum(axis=-1, keepdims=True)
    weights = np.clip(weights / np.where(total == 0, 1.0, total), 0.0, 1.0)
    return corners, weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-12)


def _triple(a: Float64, b: Float64, c: Float64) -> Float64:
    product: Float64 = np.einsum("ij,ij->i", a, np.cross(b, c))
    return product


def _visible_triangles(vertices: Float64, faces: Int64, camera: PinholeCamera, *, cull: bool) -> tuple[Float64, Int64]:
    """Return (n, 3, 3) corners as (pixel x, pixel y, 1/z), all wound alike, and their rows in ``faces``."""
    in_front = vertices[:, 2] > NEAR
    inverse = 1.0 / np.where(in_front, vertices[:, 2], 1.0)
    x = camera.focal * vertices[:, 0] * inverse + camera.center_x
    y = camera.focal * vertices[:, 1] * inverse + camera.center_y
    screen = np.stack([x, y, inverse], axis=-1)
    finite = np.isfinite(screen.sum(axis=1))
    kept = np.flatnonzero(in_front[faces].all(axis=1) & finite[faces].all(axis=1))
    corners = screen[faces[kept]]
    first, second = corners[:, 1, :2] - corners[:, 0, :2], corners[:, 2, :2] - corners[:, 0, :2]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    # With y down and z away the image keeps the handedness, so a surface seen from outside has a negative area.
    chosen = area < 0 if cull else area != 0
    corners, kept, area = corners[chosen], kept[chosen], area[chosen]
    corners[area < 0] = corners[area < 0][:, ::-1]
    return corners, kept


def _region(points: Float64, size: tuple[int, int]) -> _Region:
    width, height = size
    if not len(points):
        return _Region(0, 0, 0, 0)
    low = np.floor(points.min(axis=(0, 1)))
    high = np.ceil(points.max(axis=(0, 1)))
    left, right = int(np.clip(low[0], 0, width)), int(np.clip(high[0], 0, width))
    top, bottom = int(np.clip(low[1], 0, height)), int(np.clip(high[1], 0, height))
    return _Region(left, top, right, bottom)


def _fragments(corners: Float64, region: _Region) -> tuple[Int64, Int64, Float64]:
    """Return triangle, flat pixel of the region and 1/z of every (triangle, covered pixel) pair."""
    triangle, y, low, high = _spans(corners, region)
    first = np.maximum(np.ceil(low - 0.5 - _EDGE_TOLERANCE), region.left).astype(np.int64)
    last = np.minimum(np.floor(high - 0.5 + _EDGE_TOLERANCE), region.right - 1).astype(np.int64)
    row, step = _expanded(last - first + 1)
    triangle, column, line = triangle[row], first[row] + step, y[row]
    gradient_x, gradient_y, offset = _inverse_depth_planes(corners)
    inverse_depth = gradient_x[triangle] * (column + 0.5) + (gradient_y[triangle] * (line + 0.5) + offset[triangle])
    pixel = (line - region.top) * region.width + (column - region.left)
    return triangle, pixel, np.maximum(inverse_depth, 1e-12)


def _spans(corners: Float64, region: _Region) -> tuple[Int64, Int64, Float64, Float64]:
    """Cut triangles into pixel rows: triangle, row, and the interval of x inside the triangle at the row's centre."""
    y = corners[:, :, 1]
    first = np.maximum(np.ceil(y.min(axis=1) - 0.5 - _EDGE_TOLERANCE), region.top).astype(np.int64)
    last = np.minimum(np.floor(y.max(axis=1) - 0.5 + _EDGE_TOLERANCE), region.bottom - 1).astype(np.int64)
    triangle, step = _expanded(last - first + 1)
    line = first[triangle] + step
    low = np.full(len(line), -np.inf)
    high = np.full(len(line), np.inf)
    for k in range(3):
        start, end = corners[:, k], corners[:, (k + 1) % 3]
        rise = end[:, 1] - start[:, 1]
        slope = (end[:, 0] - start[:, 0]) / np.where(rise == 0, 1.0, rise)
        crossing = slope[triangle] * (line + 0.5 - start[triangle, 1]) + start[triangle, 0]
        # Winding is clockwise on the screen (y down, positive area): rising edges bound the left, falling the right.
        upward = rise[triangle]
        low = np.where(upward < 0, np.maximum(low, crossing), low)
        high = np.where(upward > 0, np.minimum(high, crossing), high)
    bounded = np.isfinite(low) & np.isfinite(high)
    return triangle[bounded], line[bounded], low[bounded], high[bounded]


def _expanded(counts: Int64) -> tuple[Int64, Int64]:
    """Repeat each row ``counts`` times (0 when negative): the row, and the number of the repetition within it."""
    counts = np.maximum(counts, 0)
    row = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    return row, np.arange(len(row)) - starts[row]


def _inverse_depth_planes(corners: Float64) -> tuple[Float64, Float64, Float64]:
    """Return per triangle the (a, b, c) of 1/z = a x + b y + c, which is exact: 1/z is linear on the screen."""
    origin, first, second = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    a = (first[:, 2] * second[:, 1] - second[:, 2] * first[:, 1]) / area
    b = (second[:, 2] * first[:, 0] - first[:, 2] * second[:, 0]) / area
    return a, b, origin[:, 2] - a * origin[:, 0] - b * origin[:, 1]


def _resolve(keys: NDArray[np.uint64], kept: Int64, region: _Region) -> Raster:
    covered = keys > 0
    triangles = np.full(keys.shape, -1, np.int64)
    triangles[covered] = kept[(keys[covered] & np.uint64(0xFFFFFFFF)).astype(np.int64)]
    depth = np.full(keys.shape, np.inf, np.float32)
    depth[covered] = 1.0 / (keys[covered] >> np.uint64(32)).astype(np.uint32).view(np.float32)
    return Raster(region.left, region.top, triangles, depth)
