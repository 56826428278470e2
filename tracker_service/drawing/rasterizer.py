"""Which pixels a mesh covers, how far away and in which colour, by OpenCV's rasteriser.

OpenCV fills a whole buffer. The buffer here is the window around the projected mesh, so that a person of 200 pixels
costs a person of 200 pixels, whatever the size of the image.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker_service.drawing.camera import PinholeCamera
from tracker_service.errors import ContractError
from tracker_service.types import Bool, Float32, Float64

NEAR = 0.05
"""Triangles that come nearer than this, in metres, are dropped."""
_NOTHING = -1.0
"""Colour of samples that no triangle covers; colours start at 0."""
_TO_OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
"""OpenCV's rasteriser looks along -z with y up, as OpenGL does."""


@dataclass(frozen=True, slots=True)
class Raster:
    """What a mesh covers of an image; h and w are the size of the covered region.

    Attributes:
        left, top: position of the region in the image, pixels.
        colors: (h, w, 3) float32, 0 to 1 where something is covered.
        depth: (h, w) float32, metres where something is covered.
        mask: (h, w) bool, True where the mesh is seen.
    """

    left: int
    top: int
    colors: Float32
    depth: Float32
    mask: Bool

    @property
    def right(self) -> int:
        """First column behind the region, pixels."""
        return self.left + int(self.mask.shape[1])

    @property
    def bottom(self) -> int:
        """First row below the region, pixels."""
        return self.top + int(self.mask.shape[0])

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the region in the image."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def rasterize(
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
    colors: NDArray[np.floating],
    camera: PinholeCamera,
    size: tuple[int, int],
) -> Raster:
    """Find the nearest triangle in every pixel centre, and its colour there.

    Args:
        vertices: (V, 3) metres in camera space.
        faces: (F, 3) indices; seen from outside the corners run counter-clockwise in a right-handed space. Triangles
            that face away are left out.
        colors: (V, 3) of the vertices, 0 to 1; between them they change linearly on each triangle in space.
        camera: maps camera space to pixels.
        size: width and height of the image.

    Raises:
        ContractError: vertices are not (V, 3), faces not (F, 3), or colours not those of the vertices.
    """
    _check(vertices, faces, colors)
    points, faces, colors = _usable(np.asarray(vertices, np.float64), np.asarray(faces, np.int32), colors)
    left, top, right, bottom = _region(camera.project(points), size)
    depth = np.zeros((bottom - top, right - left), np.float32)
    filled = np.full((*depth.shape, 3), _NOTHING, np.float32)
    if depth.size and len(faces):
        in_window = _sheared_for(points, camera, (left + right) / 2, (top + bottom) / 2)
        # Depths are kept as shares of this range: the tighter it is, the finer they are.
        nearest, farthest = 0.99 * float(points[:, 2].min()), 1.01 * float(points[:, 2].max())
        depth.fill(farthest)
        field_of_view = 2 * float(np.arctan(depth.shape[0] / (2 * camera.focal)))
        cv2.triangleRasterize(in_window, faces, colors, filled, depth, _TO_OPENGL, field_of_view, nearest, farthest)
    return Raster(left, top, filled, depth, filled[..., 0] >= 0)


def _check(vertices: NDArray[np.floating], faces: NDArray[np.integer], colors: NDArray[np.floating]) -> None:
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ContractError(f"rasterize: expected vertices of shape (*, 3), got {vertices.shape}")
    if faces.ndim != 2 or faces.shape[1] != 3:
        raise ContractError(f"rasterize: expected faces of shape (*, 3), got {faces.shape}")
    if colors.shape != vertices.shape:
        raise ContractError(f"rasterize: expected colors of shape {vertices.shape}, got {colors.shape}")


def _usable(
    points: Float64, faces: NDArray[np.int32], colors: NDArray[np.floating]
) -> tuple[Float64, NDArray[np.int32], NDArray[np.float32]]:
    """Leave out vertices that cannot be projected, and their triangles."""
    usable = (points[:, 2] > NEAR) & np.isfinite(points.sum(axis=1))
    if not usable.all():
        faces = (np.cumsum(usable, dtype=np.int32) - 1)[faces[usable[faces].all(axis=1)]]
        points, colors = points[usable], colors[usable]
    return points, np.ascontiguousarray(faces), np.ascontiguousarray(colors, np.float32)


def _region(pixels: Float64, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the pixels that a mesh may cover; nothing for a mesh of no points."""
    if not len(pixels):
        return 0, 0, 0, 0
    left, top = np.clip(np.floor(pixels.min(axis=0)), 0, size).astype(int).tolist()
    right, bottom = np.clip(np.ceil(pixels.max(axis=0)), 0, size).astype(int).tolist()
    return left, top, right, bottom


def _sheared_for(points: Float64, camera: PinholeCamera, center_x: float, center_y: float) -> Float32:
    """Shear points so that a camera with this principal point sees them where ``camera`` does.

    OpenCV's camera looks at the middle of its buffer.
    """
    sheared = points.astype(np.float32)
    sheared[:, 0] += (camera.center_x - center_x) / camera.focal * points[:, 2]
    sheared[:, 1] += (camera.center_y - center_y) / camera.focal * points[:, 2]
    return sheared
