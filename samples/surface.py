"""Things that can be seen: triangles with a paint, and what a view sees of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from samples.rasterizer import Raster, interpolated, rasterize
from samples.view import View
from tracker_service.drawing.mesh import vertex_normals
from tracker_service.types import Float32

Paint: TypeAlias = Callable[[Float32, Float32], Float32]
"""Maps (p, k) surface coordinates and (p, 3) world positions to (p, 3) reflectance."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Triangles in the world.

    Attributes:
        vertices: (V, 3) world positions, metres.
        faces: (F, 3) vertex indices, counter-clockwise seen from outside.
        where: (V, k) surface coordinates that the paint understands.
        paint: gives the reflectance of a point.
        smooth: shade over the edges of triangles.
        two_sided: seen from both sides (leaves, not closed bodies).
    """

    vertices: NDArray[np.floating]
    faces: NDArray[np.integer]
    where: NDArray[np.floating]
    paint: Paint
    smooth: bool = True
    two_sided: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What a view sees of one surface; p samples are covered.

    Attributes:
        raster: which samples.
        reflectance: (p, 3).
        normals: (p, 3) world, towards the viewer.
        positions: (p, 3) world, metres.
    """

    raster: Raster
    reflectance: Float32
    normals: Float32
    positions: Float32


def see(surface: Surface, view: View) -> Sight:
    """Look at a surface."""
    in_camera = view.to_camera(surface.vertices)
    raster = rasterize(in_camera, surface.faces, view.camera, view.size, cull=not surface.two_sided)
    vertices = np.asarray(surface.vertices, np.float64)
    normals = vertex_normals(vertices, surface.faces) if surface.smooth else np.zeros_like(vertices)
    values = interpolated(
        raster, in_camera, surface.faces, view.camera, np.concatenate([vertices, normals, surface.where], axis=1)
    )
    positions, normals, where = values[:, :3], values[:, 3:6], values[:, 6:]
    if not surface.smooth:
        a, b, c = (vertices[surface.faces[:, k]] for k in range(3))
        normals = np.cross(b - a, c - a)[raster.triangles[raster.mask]]
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    outward = np.einsum("pk,pk->p", normals, view.position - positions)
    normals = np.where((outward < 0)[:, None] & surface.two_sided, -normals, normals)
    positions32, normals32 = positions.astype(np.float32), normals.astype(np.float32)
    return Sight(raster, surface.paint(where.astype(np.float32), positions32), normals32, positions32)
