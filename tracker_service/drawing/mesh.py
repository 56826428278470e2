"""Shaded meshes composited onto an image."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker_service.drawing.camera import PinholeCamera
from tracker_service.drawing.rasterizer import Raster, interpolated, rasterize
from tracker_service.errors import ContractError
from tracker_service.types import Bool, Float32, Float64, UInt8

AMBIENT = 0.42
"""Share of the colour that light from everywhere contributes; raising it flattens the shading."""
HIDING_OPACITY = 0.5
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


def render_mesh(
    image: UInt8,
    vertices_camera: NDArray[np.floating],
    faces: NDArray[np.integer],
    focal: float,
    principal_point: tuple[float, float],
    color: NDArray[np.generic],
    *,
    opacity: float = 1.0,
    supersample: int = 1,
) -> UInt8:
    """Return a copy of ``image`` with one shaded mesh on it; see `Mesh` and `render_meshes` for the arguments."""
    mesh = Mesh(vertices_camera, faces, color, opacity)
    return render_meshes(image, [mesh], PinholeCamera(focal, *principal_point), supersample=supersample)


def render_meshes(image: UInt8, meshes: Sequence[Mesh], camera: PinholeCamera, *, supersample: int = 1) -> UInt8:
    """Return a copy of ``image`` with shaded meshes on it, the nearer hiding the farther pixel by pixel.

    Meshes of at least `HIDING_OPACITY` hide what is behind them completely and blend with the image only; clearer ones
    (predicted people) blend with everything.

    Args:
        image: (H, W, 3) uint8 RGB.
        meshes: surfaces in the space of ``camera``.
        camera: maps camera space to pixels of ``image``.
        supersample: samples along each side of a pixel; raising it smooths outlines and costs its square.
    """
    picture = image.copy()
    height, width = image.shape[:2]
    zoomed, size = camera.zoomed(supersample), (width * supersample, height * supersample)
    drawn = sorted((mesh for mesh in meshes if mesh.opacity > 0), key=_drawing_order)
    rasters = [_aligned(rasterize(mesh.vertices, mesh.faces, zoomed, size), supersample) for mesh in drawn]
    nearest = _nearest_depth(drawn, rasters, size)
    for mesh, raster in zip(drawn, rasters, strict=True):
        seen = raster.mask if nearest is None else raster.mask & (raster.depth <= nearest[raster.window])
        if seen.any():
            _composite(picture, mesh, raster, seen, zoomed, supersample)
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
    """Hiding meshes first, then clear ones from far to near."""
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


def _composite(picture: UInt8, mesh: Mesh, raster: Raster, seen: Bool, zoomed: PinholeCamera, supersample: int) -> None:
    colors = _shaded(mesh, raster, seen, zoomed)
    if supersample == 1:
        patch = picture[raster.window]
        blended = (1 - mesh.opacity) * patch[seen] + mesh.opacity * colors
        patch[seen] = (blended + 0.5).astype(np.uint8)
        return
    spread = np.zeros((*seen.shape, 4), np.float32)
    spread[seen, :3] = colors
    spread[seen, 3] = 1
    small = (seen.shape[1] // supersample, seen.shape[0] // supersample)
    spread = np.asarray(cv2.resize(spread, small, interpolation=cv2.INTER_AREA), np.float32)
    rows = slice(raster.top // supersample, raster.top // supersample + small[1])
    columns = slice(raster.left // supersample, raster.left // supersample + small[0])
    behind = picture[rows, columns] * (1 - mesh.opacity * spread[:, :, 3:])
    picture[rows, columns] = np.clip(behind + mesh.opacity * spread[:, :, :3] + 0.5, 0, 255).astype(np.uint8)


def _aligned(raster: Raster, step: int) -> Raster:
    """Grow the region until its borders lie on multiples of ``step``."""
    if step == 1:
        return raster
    height, width = raster.triangles.shape
    left, top = raster.left // step * step, raster.top // step * step
    right = -(-(raster.left + width) // step) * step
    bottom = -(-(raster.top + height) // step) * step
    margins = ((raster.top - top, bottom - raster.top - height), (raster.left - left, right - raster.left - width))
    return Raster(
        left,
        top,
        np.pad(raster.triangles, margins, constant_values=-1),
        np.pad(raster.depth, margins, constant_values=np.inf),
    )


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
