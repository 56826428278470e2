"""A coarser surface of a body: a subset of its own vertices, so that every table of it is a subset too."""

from dataclasses import dataclass

import numpy as np

from tracker_service.body.model import BodyModel
from tracker_service.types import Float32, Int64

CELL = 0.02
"""Metres: vertices of one bone that are this close become one. Raising it gives a smaller file and a coarser body."""


@dataclass(frozen=True, slots=True, eq=False)
class CoarseSurface:
    """Some vertices of a body and the triangles between them.

    Attributes:
        vertices: (n,) rows of the body's vertices, ascending.
        faces: (F, 3) rows of ``vertices``.
    """

    vertices: Int64
    faces: Int64


def coarse_surface(body: BodyModel, cell: float = CELL) -> CoarseSurface:
    """Cluster the vertices of a body's rest pose in cubes (Rossignac and Borrel 1993), each bone's apart.

    What lies close together but moves apart, as thighs and fingers, is not joined, and neither are the two sides of a
    thin part: normals in opposite directions are told apart.
    """
    template = body.v_template.astype(np.float64)
    normals = _normals(template, body.faces)
    keys = np.column_stack(
        [np.floor(template / cell), body.lbs_weights.argmax(axis=1), np.abs(normals).argmax(axis=1), _sign(normals)]
    ).astype(np.int64)
    _, cluster = np.unique(keys, axis=0, return_inverse=True)
    cluster = cluster.reshape(-1)
    vertices = _nearest_to_middle(template, cluster)
    order = np.argsort(vertices)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    faces = rank[cluster[body.faces]]
    whole = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    kept = faces[whole]
    _, first = np.unique(np.sort(kept, axis=1), axis=0, return_index=True)
    return CoarseSurface(vertices[order], kept[np.sort(first)])


def _normals(points: np.ndarray[tuple[int, ...], np.dtype[np.float64]], faces: Int64) -> Float32:
    corners = points[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(points)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], across)
    return normals.astype(np.float32)


def _sign(normals: Float32) -> Int64:
    largest = np.take_along_axis(normals, np.abs(normals).argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.asarray(largest > 0, np.int64)


def _nearest_to_middle(points: np.ndarray[tuple[int, ...], np.dtype[np.float64]], cluster: Int64) -> Int64:
    """Return of every cluster the point that is nearest to its middle."""
    count = np.bincount(cluster).astype(np.float64)
    middles = np.column_stack([np.bincount(cluster, weights=points[:, axis]) / count for axis in range(3)])
    distance = np.linalg.norm(points - middles[cluster], axis=1)
    order = np.lexsort((distance, cluster))
    _, first = np.unique(cluster[order], return_index=True)
    return np.asarray(order[first], np.int64)
