"""Simple bodies to build things from, as vertices and faces."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker_service.types import Float64, Int64

Shape: TypeAlias = tuple[Float64, Int64]
"""(V, 3) vertices and (F, 3) faces, counter-clockwise seen from outside."""


def box(low: Sequence[float], high: Sequence[float]) -> Shape:
    """Return an upright box with its own corners on each side, so that its edges stay sharp."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    sides = [
        [(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)],
        [(x1, y0, z0), (x0, y0, z0), (x0, y1, z0), (x1, y1, z0)],
        [(x0, y0, z0), (x0, y0, z1), (x0, y1, z1), (x0, y1, z0)],
        [(x1, y0, z1), (x1, y0, z0), (x1, y1, z0), (x1, y1, z1)],
        [(x0, y1, z1), (x1, y1, z1), (x1, y1, z0), (x0, y1, z0)],
        [(x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1)],
    ]
    corners = np.array(sides, np.float64).reshape(-1, 3)
    quads = np.arange(24).reshape(6, 4)
    return corners, np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def quad(a: Sequence[float], b: Sequence[float], c: Sequence[float], d: Sequence[float]) -> Shape:
    """Return a flat piece with four corners, counter-clockwise."""
    return np.array([a, b, c, d], np.float64), np.array([[0, 1, 2], [0, 2, 3]])


def cylinder(bottom: ArrayLike, top: ArrayLike, radius: float, top_radius: float, sides: int = 10) -> Shape:
    """Return a closed cylinder or cone around the line from ``bottom`` to ``top``."""
    low, high = np.asarray(bottom, np.float64), np.asarray(top, np.float64)
    axis = (high - low) / np.linalg.norm(high - low)
    first = np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0])
    first /= np.linalg.norm(first)
    second = np.cross(axis, first)
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = np.cos(angles)[:, None] * first + np.sin(angles)[:, None] * second
    vertices = np.concatenate([low + radius * ring, high + top_radius * ring, [low, high]])
    k, following = np.arange(sides), (np.arange(sides) + 1) % sides
    faces = np.concatenate(
        [
            np.stack([k, following, following + sides], axis=1),
            np.stack([k, following + sides, k + sides], axis=1),
            np.stack([following, k, np.full(sides, 2 * sides)], axis=1),
            np.stack([k + sides, following + sides, np.full(sides, 2 * sides + 1)], axis=1),
        ]
    )
    return vertices, faces


def ball(center: Sequence[float], radii: Sequence[float], rings: int = 10, sides: int = 16) -> Shape:
    """Return an ellipsoid."""
    polar = np.linspace(0, np.pi, rings + 1)
    around = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    x = np.sin(polar)[:, None] * np.sin(around)
    z = np.sin(polar)[:, None] * np.cos(around)
    y = np.repeat(np.cos(polar)[:, None], sides, axis=1)
    vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3) * np.asarray(radii) + np.asarray(center)
    grid = np.arange((rings + 1) * sides).reshape(rings + 1, sides)
    a, b = grid[:-1], np.roll(grid, -1, axis=1)[:-1]
    c, d = np.roll(grid, -1, axis=1)[1:], grid[1:]
    faces = np.concatenate([np.stack([a, d, c], -1).reshape(-1, 3), np.stack([a, c, b], -1).reshape(-1, 3)])
    return vertices, faces


def joined(shapes: Sequence[Shape]) -> Shape:
    """Return one shape made of several."""
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in shapes)])
    faces = [np.asarray(faces, np.int64) + start for (_, faces), start in zip(shapes, starts, strict=False)]
    return np.concatenate([vertices for vertices, _ in shapes]), np.concatenate(faces)


def moved(shape: Shape, rotation: NDArray[np.floating], offset: Sequence[float]) -> Shape:
    """Return the shape turned, then shifted."""
    return np.asarray(shape[0] @ np.asarray(rotation).T + np.asarray(offset)), shape[1]
