"""Rotations between and among others."""

import numpy as np
from numpy.typing import NDArray

from tracker_service.phalp.rotations import rotation_matrices, skew_part
from tracker_service.types import Float64


def slerp(first: NDArray[np.floating], second: NDArray[np.floating], part: float) -> Float64:
    """Return the rotations on the shortest way from ``first`` to ``second`` (Shoemake 1985, for matrices).

    Args:
        first: (…, 3, 3) rotations.
        second: as many.
        part: 0 gives ``first``, 1 gives ``second``.
    """
    first = np.asarray(first, np.float64)
    difference = np.swapaxes(first, -1, -2) @ np.asarray(second, np.float64)
    return np.asarray(first @ rotation_matrices(part * rotation_vectors(difference)))


def rotation_vectors(rotations: Float64) -> Float64:
    """Return the axes (…, 3) of rotations (…, 3, 3), as long as the angle in radians, 0 to pi."""
    skew = skew_part(rotations)
    sine = np.linalg.norm(skew, axis=-1)
    cosine = (np.trace(rotations, axis1=-2, axis2=-1) - 1) / 2
    angle = np.arctan2(sine, cosine)
    safe = np.where(sine > _TINY, sine, 1.0)
    vectors = skew * np.where(sine > _TINY, angle / safe, 1.0)[..., None]
    turned = (sine <= _NEARLY_HALF_TURN) & (cosine < 0)
    if turned.any():
        vectors[turned] = _half_turns(rotations[turned], skew[turned], angle[turned])
    return np.asarray(vectors)


def nearest_rotations(matrices: Float64) -> Float64:
    """Return the rotations (…, 3, 3) nearest to ``matrices`` in the least-squares sense (Kabsch 1976).

    Of a weighted mean of rotations that is their chordal mean.
    """
    u, _, vt = np.linalg.svd(matrices)
    sign = np.sign(np.linalg.det(u @ vt))
    u[..., 2] *= sign[..., None]
    return np.asarray(u @ vt)


def _half_turns(rotations: Float64, skew: Float64, angle: Float64) -> Float64:
    """Return the vectors of (n, 3, 3) rotations by nearly pi, where the skew part hardly shows the axis."""
    symmetric = (rotations + np.swapaxes(rotations, -1, -2)) / 2 + np.eye(3)
    columns = np.argmax(np.linalg.norm(symmetric, axis=1), axis=1)
    axes = symmetric[np.arange(len(symmetric)), :, columns]
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    signs = np.where(np.einsum("ni,ni->n", axes, skew) < 0, -1.0, 1.0)
    return np.asarray(axes * (signs * angle)[:, None])


_TINY = 1e-12
_NEARLY_HALF_TURN = 1e-3
