"""One person's body: its own shape, posed and placed in the world (x right, y up, z to the viewer)."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tracker_service.body.kinematics import joint_transforms
from tracker_service.body.model import BodyModel
from tracker_service.types import Float32, Float64


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Where a body is and how it stands.

    Attributes:
        rotations: (24, 3, 3) rotation of every joint relative to its parent, the pelvis' in the world.
        root: (3,) position of the pelvis joint in the world, metres.
    """

    rotations: Float64
    root: Float64


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A body of one shape in the rest pose: arms out, facing +z.

    Attributes:
        body: tables of the body.
        betas: (10,) shape coefficients.
        vertices: (V, 3) rest surface, metres.
        joints: (24, 3) rest joints, metres.
    """

    body: BodyModel
    betas: Float32
    vertices: Float64
    joints: Float64

    @classmethod
    def of_shape(cls, body: BodyModel, betas: NDArray[np.floating]) -> Self:
        """Return the rest body of shape ``betas`` (10,)."""
        coefficients = np.asarray(betas, np.float32)
        vertices = body.v_template.astype(np.float64) + body.shapedirs.astype(np.float64) @ coefficients
        return cls(body, coefficients, vertices, body.J_regressor.astype(np.float64) @ vertices)

    def bones(self, pose: Pose) -> tuple[Float64, Float64]:
        """Return the world rotations (24, 3, 3) and positions (24, 3) of the joints."""
        rotations, positions = joint_transforms(pose.rotations[None], self.joints[None], self.body.parents.tolist())
        return rotations[0], positions[0] + (pose.root - positions[0, 0])

    def skinned(self, points: Float64, pose: Pose) -> Float64:
        """Move (V, 3) rest points, one per vertex, into the world."""
        rotations, positions = self.bones(pose)
        offsets = positions - np.einsum("jab,jb->ja", rotations, self.joints)
        bones = np.concatenate([rotations, offsets[:, :, None]], axis=2).reshape(24, 12)
        blended = (self.body.lbs_weights.astype(np.float64) @ bones).reshape(-1, 3, 4)
        return np.asarray(np.einsum("vab,vb->va", blended[:, :, :3], points) + blended[:, :, 3])
