"""Shaded meshes composited onto an image."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker_service.drawing.camera import PinholeCamera
from tracker_service.drawing.rasterizer import Raster, interpolated, rasterize
from tracker_service.errors import ContractError
from tracker_service.types import Bool, Float32, Float64, UInt8

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
        color: (3,) for all, (V, 3) per vertex or (F, 3) per face; RGB, 0 to 255.
        opacity: 0 to 1; raising it hides more of the image behind.
    """

    vertices: NDArray[np.floating]
    faces: NDArray[np.integer]
    color: NDArray[np.generic]
    opacity: float = 1.0

    def __post_init__(self) -> None:
        shape = np.asarray(self.color).shape
        if shape not in {(3,), (len(self.vertices), 3), (len(self.faces), 3)}:
            raise ContractError(
                f"Mesh.color: expected (3,), ({len(self.vertices)}, 3) or ({len(self.faces)}, 3), got {shape}"
            )
        if not 0 <= self.opacity <= 1:
            raise ContractError(f"Mesh.opacity: expected 0 to 1, got {self.opacity}")


def render_meshes(image: UInt8, meshes: Sequence[Mesh], camera: PinholeCamera) -> UInt8:
    """Return a copy of ``image`` with shaded meshes on it, the nearer hiding the farther pixel by pixel.

    Meshes of at least `HIDING_OPACITY` hide the meshes behind them and blend with the image only; more transparent ones
    (predicted people) blend with everything.

    Args:
        image: (H, W, 3) uint8 RGB.
        meshes: surfaces in the space of ``camera``.
        camera: maps camera space to pixels of ``image``.
    """
    picture = image.copy()
    size = (image.shape[1], image.shape[0])
    drawn = sorted((mesh for mesh in meshes if mesh.opacity > 0), key=_drawing_order)
    rasters = [rasterize(mesh.vertices, mesh.faces, camera, size) for mesh in drawn]
    nearest = _nearest_depth(drawn, rasters, size)
    for mesh, raster in zip(drawn, rasters, strict=True):
        seen = raster.mask if nearest is None else raster.mask & (raster.depth <= nearest[raster.window])
        if seen.any():
            _composite(picture, mesh, raster, seen, camera)
    return picture


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


def _nearest_depth(meshes: Sequence[Mesh], rasters: Sequence[Raster], size: tuple[int, int]) -> Float32 | None:
    """Return the depth of the nearest hiding surface in every sample; None where no mesh can hide another."""
    if len(meshes) < 2:
        return None
    nearest = np.full(size[::-1], np.inf, np.float32)
    for mesh, raster in zip(meshes, rasters, strict=True):
        if _hides(mesh):
            np.minimum(nearest[raster.window], raster.depth, out=nearest[raster.window])
    return nearest


def _composite(picture: UInt8, mesh: Mesh, raster: Raster, seen: Bool, camera: PinholeCamera) -> None:
    patch = picture[raster.window]
    blended = (1 - mesh.opacity) * patch[seen] + mesh.opacity * _shaded(mesh, raster, seen, camera)
    patch[seen] = (blended + 0.5).astype(np.uint8)


def _shaded(mesh: Mesh, raster: Raster, seen: Bool, camera: PinholeCamera) -> Float32:
    """Return the (p, 3) colours, 0 to 255, of the ``seen`` pixels."""
    towards = _LIGHT / np.linalg.norm(_LIGHT)
    normals = vertex_normals(mesh.vertices, mesh.faces)
    # Half-Lambert: the side away from the light keeps its form instead of going flat black.
    light = AMBIENT + (1 - AMBIENT) * (0.5 + 0.5 * (normals @ towards)) ** 1.5 * 1.15
    color = np.asarray(mesh.color, np.float64)
    shade = light[:, None]
    if color.shape == (len(mesh.vertices), 3):
        shaded = interpolated(raster, mesh.vertices, mesh.faces, camera, shade * color, seen)
    else:
        flat = color if color.ndim == 1 else color[raster.triangles[seen]]
        shaded = interpolated(raster, mesh.vertices, mesh.faces, camera, shade, seen) * flat
    return np.clip(shaded, 0, 255).astype(np.float32)
