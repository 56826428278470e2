"""Shaded meshes composited onto an image."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker_service.drawing.camera import PinholeCamera
from tracker_service.drawing.rasterizer import Raster, rasterize
from tracker_service.errors import ContractError
from tracker_service.types import Bool, Float64, UInt8

AMBIENT = 0.42
"""Share of the colour that light from everywhere contributes; raising it flattens the shading."""
HIDING_OPACITY = 0.5
"""Meshes at least this opaque hide what is behind them; raising it blends more of them."""
_LIGHT = np.array([-0.35, -0.6, -0.72])
"""Direction towards the light in camera space: above, left, behind the viewer."""


@dataclass(frozen=True, slots=True)
class Mesh:
    """One surface to draw.

    Attributes:
        vertices: (V, 3) metres in camera space.
        faces: (F, 3) vertex indices, counter-clockwise seen from outside.
        color: (3,) for all or (V, 3) per vertex; RGB, 0 to 255.
        opacity: 0 to 1; raising it hides more of the image behind; nothing is drawn at 0.
    """

    vertices: NDArray[np.floating]
    faces: NDArray[np.integer]
    color: NDArray[np.generic]
    opacity: float = 1.0

    def __post_init__(self) -> None:
        shape = np.asarray(self.color).shape
        if shape not in {(3,), (len(self.vertices), 3)}:
            raise ContractError(f"Mesh.color: expected (3,) or ({len(self.vertices)}, 3), got {shape}")
        if not 0 <= self.opacity <= 1:
            raise ContractError(f"Mesh.opacity: expected 0 to 1, got {self.opacity}")


def draw_meshes(image: UInt8, meshes: Sequence[Mesh], camera: PinholeCamera) -> list[Raster]:
    """Draw shaded meshes in place, the nearer hiding the farther pixel by pixel; return what each of them covers.

    Meshes of at least `HIDING_OPACITY` hide the meshes behind them and blend with the image only; more transparent ones
    (predicted people) blend with everything.

    Args:
        image: (H, W, 3) uint8 RGB.
        meshes: surfaces in the space of ``camera``.
        camera: maps camera space to pixels of ``image``.
    """
    size = (image.shape[1], image.shape[0])
    rasters = [rasterize(mesh.vertices, mesh.faces, _shaded(mesh), camera, size) for mesh in meshes]
    hiding = [raster for mesh, raster in zip(meshes, rasters, strict=True) if _hides(mesh)]
    for index in sorted(range(len(meshes)), key=lambda index: _drawing_order(meshes[index])):
        if meshes[index].opacity > 0:
            _composite(image, rasters[index], _in_front(rasters[index], hiding), meshes[index].opacity)
    return rasters


def vertex_normals(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> Float64:
    """Return (V, 3) outward unit normals, the triangles around a vertex weighted by their area."""
    a, b, c = (np.asarray(vertices, np.float64)[faces[:, k]].T for k in range(3))
    u, v = b - a, c - a
    index = np.asarray(faces).T.ravel()
    summed = np.empty((len(vertices), 3))
    for k in range(3):
        across = u[(k + 1) % 3] * v[(k + 2) % 3] - u[(k + 2) % 3] * v[(k + 1) % 3]
        summed[:, k] = np.bincount(index, np.tile(across, 3), len(vertices))
    lengths = np.sqrt(np.einsum("vk,vk->v", summed, summed))
    return np.asarray(summed / np.maximum(lengths, 1e-12)[:, None])


def _drawing_order(mesh: Mesh) -> tuple[bool, float]:
    """Opaque meshes first, then transparent ones from far to near."""
    return not _hides(mesh), -float(np.median(np.asarray(mesh.vertices)[:, 2]))


def _hides(mesh: Mesh) -> bool:
    return mesh.opacity >= HIDING_OPACITY


def _shaded(mesh: Mesh) -> Float64:
    """Return the (V, 3) colours of the vertices in the light, 0 to 1."""
    towards = _LIGHT / np.linalg.norm(_LIGHT)
    normals = vertex_normals(mesh.vertices, mesh.faces)
    # Half-Lambert: the side away from the light keeps its form instead of going flat black.
    light = AMBIENT + (1 - AMBIENT) * (0.5 + 0.5 * (normals @ towards)) ** 1.5 * 1.15
    return np.asarray(np.clip(light[:, None] * np.asarray(mesh.color, np.float64) / 255, 0, 1))


def _in_front(raster: Raster, hiding: Sequence[Raster]) -> Bool:
    """Return the covered pixels, (h, w) bool, in which no hiding surface is nearer."""
    seen = raster.mask.copy()
    for other in hiding:
        here, there = _overlap(raster, other)
        seen[here] &= ~(other.mask[there] & (other.depth[there] < raster.depth[here]))
    return seen


def _overlap(first: Raster, second: Raster) -> tuple[tuple[slice, slice], ...]:
    """Return the part of the image that two rasters share, as rows and columns of the one and of the other."""
    top, left = max(first.top, second.top), max(first.left, second.left)
    bottom = max(top, min(first.bottom, second.bottom))
    right = max(left, min(first.right, second.right))
    return tuple(
        (slice(top - each.top, bottom - each.top), slice(left - each.left, right - each.left))
        for each in (first, second)
    )


def _composite(image: UInt8, raster: Raster, seen: Bool, opacity: float) -> None:
    if not seen.any():
        return
    patch = image[raster.window]
    shown = cv2.convertScaleAbs(raster.colors, alpha=255)
    cv2.copyTo(cv2.addWeighted(patch, 1 - opacity, shown, opacity, 0), seen.view(np.uint8), patch)
