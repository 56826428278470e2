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
    region = _region(corners, size)
    keys = np.zeros(region.width * region.height, np.uint64)
    if len(kept) and len(keys):
        triangle, pixel, inverse_depth = _fragments(corners, region)
        fragment_keys = inverse_depth.astype(np.float32).view(np.uint32).astype(np.uint64) << np.uint64(32)
        np.maximum.at(keys, pixel, fragment_keys | triangle.astype(np.uint64))
    return _resolve(keys.reshape(region.height, region.width), kept, region)


def interpolated(
    raster: Raster,
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
    camera: PinholeCamera,
    values: NDArray[np.floating],
    chosen: Bool | None = None,
) -> Float64:
    """Return what (V, c) ``values`` of the vertices are at the covered pixels, (p, c), corrected for perspective.

    Args:
        raster: what the mesh covers.
        vertices: (V, 3) metres in camera space.
        faces: (F, 3) vertex indices.
        camera: the one the raster was made with.
        values: (V, c) quantities that are linear on each triangle.
        chosen: (h, w) pixels to evaluate, all of them covered; None for all covered ones, in the order of the mask.
    """
    rows, columns = np.nonzero(raster.mask if chosen is None else chosen)
    triangles = raster.triangles[rows, columns]
    x = (columns.astype(np.float64) + (raster.left + 0.5 - camera.center_x)) / camera.focal
    y = (rows.astype(np.float64) + (raster.top + 0.5 - camera.center_y)) / camera.focal
    # The ray (x, y, 1) meets a triangle abc with weights proportional to its triple products with (b, c), (c, a) and
    # (a, b). Summed up over the corners first, a value needs one vector a triangle and one product a pixel.
    corners = [np.asarray(vertices, np.float64)[faces[:, k]].T for k in range(3)]
    products = [_cross(corners[(k + 1) % 3], corners[(k + 2) % 3]) for k in range(3)]
    total = _along_rays(products[0] + products[1] + products[2], triangles, x, y)
    inverse = 1.0 / np.where(total == 0, 1.0, total)
    of_corners = np.asarray(values, np.float64)
    result = np.empty((len(triangles), of_corners.shape[1]))
    for column in range(of_corners.shape[1]):
        summed = sum(products[k] * of_corners[faces[:, k], column] for k in range(3))
        result[:, column] = _along_rays(np.asarray(summed), triangles, x, y) * inverse
    return result


def _cross(a: Float64, b: Float64) -> Float64:
    """Return the products of (3, n) columns; numpy's own is several times slower."""
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _along_rays(vectors: Float64, triangles: Int64, x: Float64, y: Float64) -> Float64:
    return np.asarray(vectors[0][triangles] * x + vectors[1][triangles] * y + vectors[2][triangles])


def _visible_triangles(vertices: Float64, faces: Int64, camera: PinholeCamera, *, cull: bool) -> tuple[Float64, Int64]:
    """Return (3, 3, n): of three corners x, y in pixels and 1/z, all wound alike; and the triangles' rows in ``faces``.

    The long axis comes last, because numpy is several times slower along short ones.
    """
    usable = (vertices[:, 2] > NEAR) & np.isfinite(vertices.sum(axis=1))
    inverse = 1.0 / np.where(usable, vertices[:, 2], 1.0)
    x = camera.focal * vertices[:, 0] * inverse + camera.center_x
    y = camera.focal * vertices[:, 1] * inverse + camera.center_y
    # An unusable corner makes the area NaN, which no comparison accepts.
    x = np.where(usable, x, np.nan)
    first, second, third = faces[:, 0], faces[:, 1], faces[:, 2]
    area = (x[second] - x[first]) * (y[third] - y[first]) - (y[second] - y[first]) * (x[third] - x[first])
    # With y down and z away the image keeps the handedness, so a surface seen from outside has a negative area.
    kept = np.flatnonzero(area < 0 if cull else (area < 0) | (area > 0))
    faces, reversed_ = faces[kept], area[kept] < 0
    order = (np.where(reversed_, faces[:, 2], faces[:, 0]), faces[:, 1], np.where(reversed_, faces[:, 0], faces[:, 2]))
    return np.stack([np.stack([x[corner], y[corner], inverse[corner]]) for corner in order]), kept


def _region(corners: Float64, size: tuple[int, int]) -> _Region:
    width, height = size
    if not corners.shape[2]:
        return _Region(0, 0, 0, 0)
    x, y = corners[:, 0], corners[:, 1]
    left, right = np.clip([np.floor(x.min()), np.ceil(x.max())], 0, width)
    top, bottom = np.clip([np.floor(y.min()), np.ceil(y.max())], 0, height)
    return _Region(int(left), int(top), int(right), int(bottom))


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
    y = corners[:, 1]
    first = np.maximum(np.ceil(y.min(axis=0) - 0.5 - _EDGE_TOLERANCE), region.top).astype(np.int64)
    last = np.minimum(np.floor(y.max(axis=0) - 0.5 + _EDGE_TOLERANCE), region.bottom - 1).astype(np.int64)
    triangle, step = _expanded(last - first + 1)
    line = first[triangle] + step
    low = np.full(len(line), -np.inf)
    high = np.full(len(line), np.inf)
    for k in range(3):
        (start_x, start_y), (end_x, end_y) = corners[k, :2], corners[(k + 1) % 3, :2]
        rise = end_y - start_y
        slope = (end_x - start_x) / np.where(rise == 0, 1.0, rise)
        crossing = slope[triangle] * (line + 0.5 - start_y[triangle]) + start_x[triangle]
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
    origin, first, second = corners[0], corners[1] - corners[0], corners[2] - corners[0]
    area = first[0] * second[1] - first[1] * second[0]
    a = (first[2] * second[1] - second[2] * first[1]) / area
    b = (second[2] * first[0] - first[2] * second[0]) / area
    return a, b, origin[2] - a * origin[0] - b * origin[1]


def _resolve(keys: NDArray[np.uint64], kept: Int64, region: _Region) -> Raster:
    covered = keys > 0
    triangles = np.full(keys.shape, -1, np.int64)
    triangles[covered] = kept[(keys[covered] & np.uint64(0xFFFFFFFF)).astype(np.int64)]
    depth = np.full(keys.shape, np.inf, np.float32)
    depth[covered] = 1.0 / (keys[covered] >> np.uint64(32)).astype(np.uint32).view(np.float32)
    return Raster(region.left, region.top, triangles, depth)
