"""Joints as linear functions of the bones, summed up once so that no surface is needed to get them.

A skinned point is sum_k w_k (R_k x + t_k) with x = template + shape blend + pose blend. A joint regressed from the
posed surface, sum_i r_i (skinned point i), is therefore sum_k (R_k P_k + t_k c_k), where P_k = sum_i r_i w_ik x_i is
again linear in shape and pose. P_k's coefficients and c_k are the tables.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.types import Float32, Float64, Int64


@dataclass(frozen=True, slots=True, eq=False)
class JointTables:
    """Linear tables of the 24 rest joints and of the m points regressed from the posed surface.

    Attributes:
        rest_template: (24, 3) rest joints of the mean shape.
        rest_shape: (10, 72) their change by shape.
        point_template: (24 m 3,) P_k of every point for the mean shape.
        point_shape: (10, 24 m 3) its change by shape.
        point_pose: (207, 24 m 3) its change by pose, or (0, 0).
        point_weight: (24, m) c_k of every point.
        order: (44,) which of the 24 joints and m points, in that order, each reported joint is.
    """

    rest_template: Float64
    rest_shape: Float64
    point_template: Float64
    point_shape: Float64
    point_pose: Float32
    point_weight: Float64
    order: Int64

    @classmethod
    def build(
        cls,
        *,
        v_template: Float32,
        shapedirs: Float32,
        posedirs: Float32,
        joint_regressor: Float32,
        lbs_weights: Float32,
        extra_vertices: Int64,
        joint_map: Int64,
        joint_regressor_extra: Float32,
    ) -> Self:
        """Sum up the tables; arrays as in `BodyModel`."""
        picked = np.zeros((len(extra_vertices), len(v_template)))
        picked[np.arange(len(extra_vertices)), extra_vertices] = 1
        regressor = np.concatenate([picked, joint_regressor_extra.astype(np.float64)])
        used = np.flatnonzero(regressor.any(axis=0))
        regressor, weights = regressor[:, used], lbs_weights[used].astype(np.float64)
        bones, points = weights.shape[1], len(regressor)
        mixing = (weights.T[:, None] * regressor).reshape(bones * points, len(used))

        shape = shapedirs.astype(np.float64)
        point_shape = mixing @ shape[used].reshape(len(used), -1)
        if posedirs.size:
            pose = posedirs.reshape(len(posedirs), -1, 3)[:, used].transpose(1, 2, 0).astype(np.float64)
            point_pose = (mixing @ pose.reshape(len(used), -1)).reshape(-1, len(posedirs)).T.astype(np.float32)
        else:
            point_pose = np.zeros((0, 0), np.float32)
        rest = joint_regressor.astype(np.float64)
        return cls(
            rest_template=rest @ v_template,
            rest_shape=np.tensordot(rest, shape, 1).reshape(-1, shape.shape[2]).T,
            point_template=(mixing @ v_template[used]).reshape(-1),
            point_shape=point_shape.reshape(-1, shape.shape[2]).T,
            point_pose=np.ascontiguousarray(point_pose),
            point_weight=mixing.sum(axis=1).reshape(bones, points),
            order=np.concatenate([joint_map, len(rest) + len(extra_vertices) + np.arange(len(joint_regressor_extra))]),
        )

    def rest_joints(self, betas: Float32) -> Float64:
        """Return the 24 joints of the shapes ``betas`` (n, 10) in the rest pose, (n, 24, 3)."""
        return self.rest_template + (betas @ self.rest_shape).reshape(len(betas), *self.rest_template.shape)

    def joints(
        self, rotations: Float64, positions: Float64, offsets: Float64, betas: Float32, pose_features: Float32
    ) -> Float32:
        """Return the 44 reported joints, (n, 44, 3).

        Args:
            rotations: (n, 24, 3, 3) R_k.
            positions: (n, 24, 3) posed joints.
            offsets: (n, 24, 3) t_k.
            betas: (n, 10) shape coefficients.
            pose_features: (n, 207) what pose blend shapes are linear in.
        """
        n, bones = positions.shape[:2]
        flat = self.point_template + betas @ self.point_shape
        if self.point_pose.size:
            flat += pose_features @ self.point_pose
        per_bone = flat.reshape(n, bones, self.point_weight.shape[1], 3) @ rotations.swapaxes(-1, -2)
        points = per_bone.sum(axis=1) + self.point_weight.T @ offsets
        return np.concatenate([positions, points], axis=1)[:, self.order].astype(np.float32)
