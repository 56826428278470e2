"""A body's surface as programs with skeletons take it: at rest, with at most four bones a vertex."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.body.model import BodyModel
from tracker_service.results.formats.bodies.skeleton import Skeleton, rest_pose
from tracker_service.types import Float32, Int64

BONES_OF_A_VERTEX = 4
"""More than that few programs take; of the lite body 4 of 6890 vertices have five."""


@dataclass(frozen=True, slots=True, eq=False)
class Skinning:
    """Which bones move which vertex: the same for every shape of a body; V vertices, F triangles.

    Attributes:
        faces: (F, 3) int64 vertex indices.
        bones: (V, 4) int64.
        weights: (V, 4) float32, with sum 1.
    """

    faces: Int64
    bones: Int64
    weights: Float32

    @classmethod
    def of(cls, body: BodyModel) -> Self:
        """Return the skinning of a body; the weights of further bones are shared out among the four."""
        bones = np.argsort(-body.lbs_weights, axis=1, kind="stable")[:, :BONES_OF_A_VERTEX]
        weights = np.take_along_axis(body.lbs_weights, bones, axis=1)
        # A bone without a weight is named 0, as the formats ask for.
        bones[weights == 0] = 0
        return cls(body.faces, bones, weights / weights.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True, eq=False)
class RestSurface:
    """One person's surface in the rest pose, metres from the pelvis.

    Attributes:
        skeleton: of the same shape.
        vertices: (V, 3) float32.
        normals: (V, 3) float32 unit vectors.
    """

    skeleton: Skeleton
    vertices: Float32
    normals: Float32

    @classmethod
    def of(cls, body: BodyModel, betas: Float32) -> Self:
        """Return the surface of a body of the shape ``betas``, (10,)."""
        rest = rest_pose(betas)
        vertices = body.vertices(rest)[0] - body.smpl_joints(rest)[0, 0]
        return cls(Skeleton.of(body, betas), vertices, vertex_normals(vertices, body.faces))


def vertex_normals(vertices: Float32, faces: Int64) -> Float32:
    """Return (V, 3) unit normals: the mean of those of the triangles around each vertex, by area."""
    corners = vertices[faces].astype(np.float64)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros(vertices.shape)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], across)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    upwards = np.array([0.0, 1.0, 0.0])
    return np.where(lengths > 0, normals / np.maximum(lengths, 1e-30), upwards).astype(np.float32)
