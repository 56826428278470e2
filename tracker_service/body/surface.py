"""The skin of a body, in full or in less detail.

Formulas: Loper et al. 2015, "SMPL: A Skinned Multi-Person Linear Model".
"""

from dataclasses import dataclass

import fast_simplification
import numpy as np
from scipy.spatial import cKDTree

from tracker_service.types import Float32, Int64
from tracker_service.types.smpl import NUMBER_OF_BETAS


@dataclass(frozen=True, slots=True, eq=False)
class SkinnedSurface:
    """A surface that 24 bones move; V is the number of its vertices.

    Attributes:
        v_template: (V, 3) rest surface, metres.
        shapedirs: (V, 3, 10) shape blend shapes.
        posedirs: (207, 3 V) pose blend shapes, or (0, 0) for a body that has none.
        lbs_weights: (V, 24) skinning weights.
        faces: (F, 3) vertex indices of the triangles.
    """

    v_template: Float32
    shapedirs: Float32
    posedirs: Float32
    lbs_weights: Float32
    faces: Int64

    def posed(self, bones: Float32, betas: Float32, pose_features: Float32) -> Float32:
        """Return the surfaces of n bodies, (n, V, 3) metres in model space.

        Args:
            bones: (n, 24, 3, 4) rotation and offset from rest to posed points.
            betas: (n, 10).
            pose_features: (n, 207), what pose blend shapes are linear in.
        """
        n, v = len(betas), len(self.v_template)
        flat = self.v_template.reshape(-1) + betas @ self.shapedirs.reshape(3 * v, NUMBER_OF_BETAS).T
        if self.posedirs.size:
            flat += pose_features @ self.posedirs
        # Coordinates in rows of V: the blended transforms below are then plain products of contiguous rows.
        rest = np.ascontiguousarray(flat.reshape(n, v, 3).transpose(0, 2, 1))
        posed = np.empty((n, 3, v), np.float32)
        for body in range(n):
            blended = (bones[body].reshape(-1, 12).T @ self.lbs_weights.T).reshape(3, 4, v)
            np.multiply(blended[:, :3], rest[body], out=blended[:, :3])
            blended.sum(axis=1, out=posed[body])
        return np.ascontiguousarray(posed.transpose(0, 2, 1))

    @property
    def is_closed(self) -> bool:
        """Whether every edge has two triangles, as on every body; only such surfaces can be simplified."""
        edges = np.sort(self.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        # One number an edge: numpy sorts rows of two a hundred times slower.
        _, counts = np.unique(edges[:, 0] * len(self.v_template) + edges[:, 1], return_counts=True)
        return bool((counts == 2).all())

    def simplified(self, faces: int) -> "SkinnedSurface":
        """Return the surface with about so many triangles: edges are collapsed where the rest shape changes least.

        A vertex of the result follows the shape and the bones as its nearest vertex does here. Quadric error metrics:
        Garland and Heckbert 1997, by the library fast-simplification.
        """
        points, triangles = fast_simplification.simplify(
            self.v_template, self.faces.astype(np.int32), target_count=faces
        )
        nearest = np.asarray(cKDTree(self.v_template).query(points)[1], np.int64)
        posedirs = self.posedirs
        if posedirs.size:
            posedirs = np.ascontiguousarray(
                posedirs.reshape(len(posedirs), -1, 3)[:, nearest].reshape(len(posedirs), -1)
            )
        return SkinnedSurface(
            points.astype(np.float32),
            self.shapedirs[nearest],
            posedirs,
            self.lbs_weights[nearest],
            triangles.astype(np.int64),
        )
