"""Bringing a body into SMPL's resting pose: arms level, legs nearly parallel."""

import numpy as np

from export.body import skeleton as body
from tracker_service.types import Float32, Float64

_LEG_SPREAD = 0.35
"""How much of the legs' sideways direction is kept."""


def t_posed(vertices: Float32, joints: Float32, weights: Float32) -> tuple[Float64, Float64]:
    """Return (V, 3) vertices and (24, 3) joints of the body in the resting pose."""
    return skinned(vertices, joints, weights, _straightening(joints.astype(np.float64)))


def skinned(
    vertices: Float32 | Float64, joints: Float32 | Float64, weights: Float32, rotations: Float64
) -> tuple[Float64, Float64]:
    """Return vertices and joints under (24, 3, 3) global ``rotations``, by linear blend skinning."""
    posed = np.zeros((len(joints), 3))
    posed[0] = joints[0]
    for joint, parent in enumerate(body.PARENTS[1:], start=1):
        posed[joint] = posed[parent] + rotations[parent] @ (joints[joint] - joints[parent])
    offsets = posed - np.einsum("jab,jb->ja", rotations, joints)
    blended = (weights @ rotations.reshape(-1, 9)).reshape(-1, 3, 3)
    return (blended @ vertices[..., None])[..., 0] + weights @ offsets, posed


def _straightening(joints: Float64) -> Float64:
    """Return the global rotations that level the arms and close the legs."""
    rotations = np.tile(np.eye(3), (len(joints), 1, 1))
    arms = (
        (1.0, body.LEFT_SHOULDER, body.LEFT_ELBOW, body.LEFT_WRIST, body.LEFT_HAND),
        (-1.0, body.RIGHT_SHOULDER, body.RIGHT_ELBOW, body.RIGHT_WRIST, body.RIGHT_HAND),
    )
    for side, shoulder, elbow, wrist, hand in arms:
        outwards = np.array([side, 0.0, 0.0])
        for start, end in ((shoulder, elbow), (elbow, wrist), (wrist, hand)):
            rotations[start] = _shortest_rotation(joints[end] - joints[start], outwards)
        rotations[hand] = rotations[wrist]
    for hip, knee, ankle in (
        (body.LEFT_HIP, body.LEFT_KNEE, body.LEFT_ANKLE),
        (body.RIGHT_HIP, body.RIGHT_KNEE, body.RIGHT_ANKLE),
    ):
        for start, end in ((hip, knee), (knee, ankle)):
            direction = joints[end] - joints[start]
            rotations[start] = _shortest_rotation(direction, direction * (_LEG_SPREAD, 1.0, 1.0))
    return rotations


def _shortest_rotation(start: Float64, end: Float64) -> Float64:
    """Return the smallest rotation of one direction onto another (Rodrigues); they must not be opposite."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    x, y, z = np.cross(a, b)
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + skew + skew @ skew / (1 + a @ b))
