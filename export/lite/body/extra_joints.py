"""Regressor of the 19 joints that other datasets define (LSP, MPII, Human3.6M), as rows over vertices.

HMR2 appends them to the 25 OpenPose joints; SMPL's own matrix is learnt and cannot be had for another surface. Here
each joint has a place on the resting body and a bone that carries it; its row holds non-negative weights of the
vertices around that place, chosen so that they stay with the joint when the body moves.
"""

import numpy as np
from scipy.optimize import nnls
from scipy.spatial.transform import Rotation

from export.body import skeleton as body
from export.lite.body.t_pose import skinned
from tracker_service.types import Float32, Float64

_LIMBS = (
    body.RIGHT_ANKLE,
    body.RIGHT_KNEE,
    body.RIGHT_HIP,
    body.LEFT_HIP,
    body.LEFT_KNEE,
    body.LEFT_ANKLE,
    body.RIGHT_WRIST,
    body.RIGHT_ELBOW,
    body.RIGHT_SHOULDER,
    body.LEFT_SHOULDER,
    body.LEFT_ELBOW,
    body.LEFT_WRIST,
)
_TRUNK = (
    # place on the resting body, and the joint whose bone carries it
    ((0.0, 0.495, 0.000), body.CHEST),  # neck (LSP): between the collar bones, at shoulder height
    ((0.0, 0.800, 0.020), body.HEAD),  # head top (LSP)
    ((0.0, -0.030, -0.005), body.PELVIS),  # pelvis (MPII): between the hips
    ((0.0, 0.480, -0.015), body.CHEST),  # thorax (MPII)
    ((0.0, 0.225, -0.010), 6),  # spine (Human3.6M): half way from pelvis to thorax
    ((0.0, 0.590, 0.060), body.HEAD),  # jaw (Human3.6M): neck base to chin
    ((0.0, 0.690, 0.040), body.HEAD),  # head (Human3.6M): middle of the head
)
_POSES = 24
_SPREAD_DEGREES = 35.0
_SEED = 0
_PULL = 0.02
"""Metres that weights may miss a joint by before they become uneven; raising it spreads them over more vertices."""


def extra_joint_places(joints: Float32) -> tuple[Float64, list[int]]:
    """Return (19, 3) places of the extra joints on the resting body, given its (24, 3) ``joints``, and their bones."""
    places = np.concatenate([joints[list(_LIMBS)].astype(np.float64), np.array([place for place, _ in _TRUNK])])
    return places, [*_LIMBS, *(bone for _, bone in _TRUNK)]


def extra_joint_regressor(vertices: Float32, joints: Float32, weights: Float32, ring: int = 320) -> Float32:
    """Return (19, V) rows with non-negative weights, sum 1.

    Args:
        vertices: (V, 3) resting body.
        joints: (24, 3) its joints.
        weights: (V, 24) skinning weights.
        ring: how many of the nearest vertices a row may use; raising it lets a joint hang on a larger part of the body.
    """
    places, bones = extra_joint_places(joints)
    surfaces, targets = _moved(vertices, joints, weights, places, bones)
    rows = np.zeros((len(places), len(vertices)), np.float32)
    for index, place in enumerate(places):
        near = np.argsort(np.linalg.norm(vertices - place, axis=1), kind="stable")[:ring]
        rows[index, near] = _weights(surfaces[:, near], targets[:, index])
    return rows


def _moved(
    vertices: Float32, joints: Float32, weights: Float32, places: Float64, bones: list[int]
) -> tuple[Float64, Float64]:
    """Return the body (poses, V, 3) and the places (poses, 19, 3) in the resting and in random poses."""
    random = np.random.default_rng(_SEED)
    surfaces, targets = [vertices.astype(np.float64)], [places]
    for _ in range(_POSES):
        vectors = random.normal(0, np.radians(_SPREAD_DEGREES), (len(joints), 3))
        rotations = np.asarray(Rotation.from_rotvec(vectors).as_matrix())
        for joint, parent in enumerate(body.PARENTS[1:], start=1):
            rotations[joint] = rotations[parent] @ rotations[joint]
        surface, skeleton = skinned(vertices, joints, weights, rotations)
        offsets = np.einsum("jab,jb->ja", rotations[bones], places - joints[bones])
        surfaces.append(surface)
        targets.append(skeleton[bones] + offsets)
    return np.stack(surfaces), np.stack(targets)


def _weights(surfaces: Float64, targets: Float64) -> Float64:
    """Return the weights (k,) of vertices (poses, k, 3) whose means come nearest to ``targets`` (poses, 3)."""
    poses, count, _ = surfaces.shape
    # The resting pose counts as much as all others together: there the joint has to be in its place.
    emphasis = np.sqrt(np.array([1.0] + [1 / (poses - 1)] * (poses - 1)))[:, None, None]
    system = (surfaces.transpose(0, 2, 1) * emphasis).reshape(-1, count)
    wanted = (targets * emphasis[..., 0]).reshape(-1)
    even = _PULL / np.sqrt(count) * np.eye(count)
    sum_to_one = np.full((1, count), 10.0)
    found, _ = nnls(np.vstack([system, even, sum_to_one]), np.concatenate([wanted, even.sum(axis=0) / count, [10.0]]))
    return np.asarray(found / found.sum())
