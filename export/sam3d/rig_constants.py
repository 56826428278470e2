"""A made-up rig in the shape of MHR's: numbers of the right sizes and magnitudes, no body that anybody has.

Lengths are centimetres, as in MHR.
"""

from dataclasses import dataclass

import numpy as np

from export.sam3d.sizes import RigSizes
from tracker_service.types import Float32, Int64

BODY_PARAMETERS = 136
"""Numbers that move joints: translation 3, rotation 3, body 130."""
SCALE_PARAMETERS = 68
JOINT_NUMBERS = 7
"""Of a joint: translation 3, Euler angles 3, logarithm of its scale to base 2."""
FEATURES = 6
"""Of a joint's rotation, for the corrections of the surface."""
UNCORRECTED = 2
"""Joints at the root whose rotation corrects nothing."""
_POINTS_OF_A_KEYPOINT = 8


@dataclass(frozen=True, slots=True)
class RigConstants:
    """The tables of a rig.

    Attributes:
        parents: (J,) index of each joint's parent, -1 for the root; parents come first.
        offsets: (J, 3) position in the parent's frame.
        frames: (J, 3, 3) rotation that comes before the joint's own.
        transform: (7 J, 204) numbers of the joints from the parameters.
        template: (V, 3); ``shapes``: (S, V, 3).
        widen: (H, 6 (J - 2)) first layer of the corrections; ``narrow``: (V, 3, H) their second.
        influences: (V, K) joints that move a vertex; ``weights``: (V, K) how much, sums of 1; padded with weight 0.
        keypoint_joints: (P, J) and ``keypoint_vertices`` (P, V): what keypoints are made of, sums of 1.
    """

    parents: Int64
    offsets: Float32
    frames: Float32
    transform: Float32
    template: Float32
    shapes: Float32
    widen: Float32
    narrow: Float32
    influences: Int64
    weights: Float32
    keypoint_joints: Float32
    keypoint_vertices: Float32


def synthetic_rig(sizes: RigSizes, seed: int = 0) -> RigConstants:
    """Return a rig that is the same for the same seed."""
    numbers = np.random.default_rng(seed)
    joints, vertices = sizes.joints, sizes.vertices
    # About as deep as a body with fingers.
    parents = np.array([-1, *(numbers.integers(joint // 2, joint) for joint in range(1, joints))])
    transform = np.zeros((joints, JOINT_NUMBERS, BODY_PARAMETERS + SCALE_PARAMETERS), np.float32)
    transform[0, range(6), range(6)] = 1  # the root takes translation and rotation as they are
    driven = numbers.integers(1, joints, (BODY_PARAMETERS - 6 + SCALE_PARAMETERS, 2))
    for parameter, pair in enumerate(driven, start=6):
        channel = 6 if parameter >= BODY_PARAMETERS else 3 + parameter % 3
        transform[pair, channel, parameter] = 0.5
    influences = numbers.integers(0, joints, (vertices, sizes.influences))
    weights = numbers.random((vertices, sizes.influences)) * (numbers.random((vertices, sizes.influences)) < 0.6)
    weights[:, 0] += 0.1
    points = np.zeros((sizes.keypoints, vertices), np.float32)
    for row in points:
        row[numbers.choice(vertices, _POINTS_OF_A_KEYPOINT, replace=False)] = 0.5 / _POINTS_OF_A_KEYPOINT
    at_joints = np.zeros((sizes.keypoints, joints), np.float32)
    at_joints[range(sizes.keypoints), numbers.integers(0, joints, sizes.keypoints)] = 0.5

    def normal(deviation: float, *shape: int) -> Float32:
        return numbers.standard_normal(shape, np.float32) * np.float32(deviation)

    features = FEATURES * (joints - UNCORRECTED)
    return RigConstants(
        parents=parents.astype(np.int64),
        offsets=normal(6, joints, 3),
        frames=_rotations(numbers, joints),
        transform=transform.reshape(joints * JOINT_NUMBERS, -1),
        template=normal(25, vertices, 3),
        shapes=normal(0.5, sizes.shapes, vertices, 3),
        widen=normal(features**-0.5, sizes.corrective, features),
        narrow=normal(0.3 * sizes.corrective**-0.5, vertices, 3, sizes.corrective),
        influences=influences.astype(np.int64),
        weights=(weights / weights.sum(axis=1, keepdims=True)).astype(np.float32),
        keypoint_joints=at_joints,
        keypoint_vertices=points,
    )


def _rotations(numbers: np.random.Generator, count: int) -> Float32:
    turned, _ = np.linalg.qr(numbers.standard_normal((count, 3, 3)))
    turned[:, :, 0] *= np.linalg.det(turned)[:, None]
    return np.asarray(turned, np.float32)
