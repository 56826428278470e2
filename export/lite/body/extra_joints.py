"""Regressor of the 19 joints that other datasets define (LSP, MPII, Human3.6M), as rows over vertices.

HMR2 appends them to the 25 OpenPose joints; SMPL's own matrix is learnt and cannot be had for another surface. Here
each joint has a place on the resting body; its row holds non-negative weights of the vertex ring around that place.
"""

import numpy as np
from scipy.optimize import nnls

from export.lite.body import skeleton as body
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
    (0.0, 0.495, 0.000),  # neck (LSP): between the collar bones, at shoulder height
    (0.0, 0.800, 0.020),  # head top (LSP)
    (0.0, -0.030, -0.005),  # pelvis (MPII): between the hips
    (0.0, 0.480, -0.015),  # thorax (MPII)
    (0.0, 0.225, -0.010),  # spine (Human3.6M): half way from pelvis to thorax
    (0.0, 0.590, 0.060),  # jaw (Human3.6M): neck base to chin
    (0.0, 0.690, 0.040),  # head (Human3.6M): middle of the head
)


_REACHED = 0.002
"""Metres from its place at which a joint counts as reached."""


def extra_joint_targets(joints: Float32) -> Float64:
    """Return (19, 3) places of the extra joints on the resting body, given its (24, 3) ``joints``."""
    return np.concatenate([joints[list(_LIMBS)].astype(np.float64), np.array(_TRUNK)])


def ring_regressor(vertices: Float32, targets: Float64, ring: int = 160, spread: float = 0.02) -> Float32:
    """Return (k, V) rows with non-negative weights, sum 1, that put each target at the mean of a vertex ring.

    Args:
        vertices: (V, 3) resting body.
        targets: (k, 3) wanted places.
        ring: how many of the nearest vertices a row starts from; doubled until the place lies inside them. Raising it
            smooths the joint over a larger part of the body.
        spread: pull towards equal weights, metres; raising it spreads the weight more evenly but may miss the target.
    """
    rows = np.zeros((len(targets), len(vertices)), np.float32)
    for row, target in zip(rows, targets, strict=True):
        order = np.argsort(np.linalg.norm(vertices - target, axis=1), kind="stable")
        size = ring
        weights, miss = _ring_weights(vertices[order[:size]] - target, spread)
        while miss > _REACHED and size < len(vertices) // 4:
            size *= 2
            weights, miss = _ring_weights(vertices[order[:size]] - target, spread)
        row[order[:size]] = weights
    return rows


def _ring_weights(offsets: Float64, spread: float) -> tuple[Float64, float]:
    """Return weights of the ring and how far, in metres, their mean lies from the target (the origin)."""
    size = len(offsets)
    pull = spread / np.sqrt(size)
    system = np.vstack([offsets.astype(np.float64).T, pull * np.eye(size), 10.0 * np.ones((1, size))])
    wanted = np.concatenate([np.zeros(3), np.full(size, pull / size), [10.0]])
    weights, _ = nnls(system, wanted)
    weights /= weights.sum()
    return weights, float(np.linalg.norm(weights @ offsets))
