"""Vertices of the stand-in body that stand for nose, eyes, ears, toes, heels and fingertips.

SMPL picks 21 vertices by index. The stand-in body has another surface, so each is chosen here by its place on the body
at rest (y up, facing +z, metres from the pelvis joint): the nearest vertex is taken.
"""

import numpy as np

from tracker_service.types import Float32, Float64, Int64

_NOSE = (0.000, 0.651, 0.159)
_LEFT_EYE = (0.036, 0.688, 0.129)
_LEFT_EAR = (0.083, 0.668, 0.036)
_LEFT_FOOT = (
    (0.123, -0.999, 0.204),  # big toe
    (0.195, -1.000, 0.157),  # small toe
    (0.140, -0.984, -0.068),  # heel
)
_LEFT_HAND = (
    (0.823, 0.418, 0.103),  # thumb
    (0.903, 0.422, 0.054),
    (0.916, 0.407, 0.013),
    (0.902, 0.397, -0.019),
    (0.864, 0.390, -0.038),  # little finger
)


def _mirrored(points: Float64) -> Float64:
    return np.asarray(points * (-1.0, 1.0, 1.0))


def landmark_targets() -> Float64:
    """Return (21, 3) places on the resting body in SMPL's order.

    nose, right eye, left eye, right ear, left ear, left big toe, small toe, heel, the same of the right foot, left
    thumb to little finger, right thumb to little finger.
    """
    face = np.array([_NOSE, _LEFT_EYE, _LEFT_EYE, _LEFT_EAR, _LEFT_EAR])
    face[[1, 3]] = _mirrored(face[[1, 3]])
    foot, hand = np.array(_LEFT_FOOT), np.array(_LEFT_HAND)
    return np.concatenate([face, foot, _mirrored(foot), hand, _mirrored(hand)])


def nearest_vertices(vertices: Float32, targets: Float64) -> Int64:
    """Return for each of the (k, 3) ``targets`` the index of the nearest of the (V, 3) ``vertices``."""
    distances = np.linalg.norm(vertices[None].astype(np.float64) - targets[:, None], axis=2)
    return np.asarray(distances.argmin(axis=1), np.int64)
