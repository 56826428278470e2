"""Shaded meshes composited onto an image."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker_service.drawing.camera import PinholeCamera
from tracker_service.drawing.rasterizer import Raster, barycentric, rasterize
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
        if raster.mask.any():
            seen = raster.mask if nearest is None else raster.mask & (raster.depth <= nearest[raster.window])
            _composite(picture, mesh, raster, seen, zoomed, supersample)
    return picture


def vertex_normals(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> Float64:
    """Return (V, 3) outward unit normals, the triangles around a vertex weighted by their area."""
    corners = np.asarray(vertices, np.float64)[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    count = len(vertices)
    index = np.asarray(faces).ravel()
    summed = np.stack([np.bincount(index, np.repeat(normals[:, k], 3), count) for k in range(3)], axis=1)
    lengths: Float64 = np.linalg.norm(summed, axis=1, keepdims=True)
    return np.asarray(summed / np.maximum(lengths, 1e-12))


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
    coverage = seen.astype(np.float32)
    colors = np.zeros((*coverage.shape, 3), np.float32)
    colors[raster.mask] = _shaded(mesh, raster, zoomed)
    colors *= coverage[:, :, None]
    if supersample > 1:
        small = (coverage.shape[1] // supersample, coverage.shape[0] // supersample)
        colors = np.asarray(cv2.resize(colors, small, interpolation=cv2.INTER_AREA), np.float32)
        coverage = np.asarray(cv2.resize(coverage, small, interpolation=cv2.INTER_AREA), np.float32)
    rows = slice(raster.top // supersample, raster.top // supersample + coverage.shape[0])
    columns = slice(raster.left // supersample, raster.left // supersample + coverage.shape[1])
    behind = picture[rows, columns] * (1 - mesh.opacity * coverage[:, :, None])
    picture[rows, columns] = np.clip(behind + mesh.opacity * colors + 0.5, 0, 255).astype(np.uint8)


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


def _shaded(mesh: Mesh, raster: Raster, camera: PinholeCamera) -> Float32:
    corners, weights = barycentric(raster, mesh.vertices, mesh.faces, camera)
    normals = vertex_normals(mesh.vertices, mesh.faces)
    towards = _LIGHT / np.linalg.norm(_LIGHT)
    # Half-Lambert: the side away from the light keeps its form instead of going flat black.
    light = AMBIENT + (1 - AMBIENT) * (0.5 + 0.5 * (normals @ towards)) ** 1.5 * 1.15
    shade = (light[corners] * weights).sum(axis=1)
    color = np.asarray(mesh.color, np.float32)
    if color.shape == (len(mesh.vertices), 3):
        color = np.einsum("pk,pkc->pc", weights, color[corners])
    elif color.ndim == 2:
        color = color[raster.triangles[raster.mask]]
    return np.asarray(np.clip(color * shade[:, None], 0, 255), np.float32)
