"""Rotation matrices as the numbers that other programs store."""

import numpy as np
from scipy.spatial.transform import Rotation

from tracker_service.types import Float64

_LOCKED = 1e-6
"""Cosine of the middle angle below which the two others turn about the same axis."""


def zxy_degrees(rotations: Float64) -> Float64:
    """Return (..., 3) angles z, x, y in degrees of (..., 3, 3) rotations R = Rz Rx Ry.

    In gimbal lock, where x is ±90 degrees, y is 0.
    """
    locked = np.hypot(rotations[..., 0, 1], rotations[..., 1, 1]) < _LOCKED
    x = np.arcsin(np.clip(rotations[..., 2, 1], -1, 1))
    z = np.where(
        locked,
        np.arctan2(rotations[..., 1, 0], rotations[..., 0, 0]),
        np.arctan2(-rotations[..., 0, 1], rotations[..., 1, 1]),
    )
    y = np.where(locked, 0.0, np.arctan2(-rotations[..., 2, 0], rotations[..., 2, 2]))
    return np.asarray(np.degrees(np.stack([z, x, y], axis=-1)), np.float64)


def quaternions(rotations: Float64, before: Float64 | None = None) -> Float64:
    """Return (n, 4) unit quaternions x, y, z, w of (n, 3, 3) rotations.

    Args:
        rotations: of n joints.
        before: (n, 4) those of the frame before; of a quaternion and its negative, which are the same rotation, the
            nearer one is taken, so that programs that blend numbers do not turn the long way round.
    """
    found = np.asarray(Rotation.from_matrix(rotations).as_quat(), np.float64)
    if before is not None:
        found[(found * before).sum(axis=1) < 0] *= -1
    return found


def rotation_vectors(rotations: Float64) -> Float64:
    """Return (n, 3) rotation vectors, radians, of (n, 3, 3) rotations."""
    return np.asarray(Rotation.from_matrix(rotations).as_rotvec(), np.float64)
