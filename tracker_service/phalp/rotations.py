"""Rotations as matrices and rotation vectors."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker_service.types import Float64


def rotation_matrices(vectors: NDArray[np.floating[Any]]) -> Float64:
    """Return the rotations (…, 3, 3) about ``vectors`` (…, 3) by their length in radians (Rodrigues' formula)."""
    vectors = np.asarray(vectors, np.float64)
    square = np.einsum("...i,...i->...", vectors, vectors)
    angle = np.sqrt(square)
    small = angle < 1e-4
    safe = np.where(small, 1.0, angle)
    sine = np.where(small, 1 - square / 6, np.sin(safe) / safe)
    cosine = np.where(small, 0.5 - square / 24, (1 - np.cos(safe)) / safe**2)
    x, y, z = np.moveaxis(vectors * sine[..., None], -1, 0)
    result = vectors[..., :, None] * vectors[..., None, :] * cosine[..., None, None]
    diagonal = np.cos(angle)
    for i in range(3):
        result[..., i, i] += diagonal
    result[..., 0, 1] -= z
    result[..., 1, 0] += z
    result[..., 0, 2] += y
    result[..., 2, 0] -= y
    result[..., 1, 2] -= x
    result[..., 2, 1] += x
    return np.asarray(result)


def skew_part(matrices: Float64) -> Float64:
    """Return the vector (…, 3) of the skew-symmetric part of ``matrices`` (…, 3, 3).

    For a rotation it is the axis times the sine of the angle.
    """
    return 0.5 * np.stack(
        [
            matrices[..., 2, 1] - matrices[..., 1, 2],
            matrices[..., 0, 2] - matrices[..., 2, 0],
            matrices[..., 1, 0] - matrices[..., 0, 1],
        ],
        axis=-1,
    )
