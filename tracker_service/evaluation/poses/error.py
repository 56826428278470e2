"""Errors between predicted and true 3D joints.

MPJPE is the mean distance of joints after the roots are put on each other; PA-MPJPE is the same after the best
similarity transform (Procrustes alignment: Gower 1975; closed-form rotation: Kabsch 1976, Umeyama 1991).
"""

import numpy as np
from numpy.typing import ArrayLike

from tracker_service.errors import ContractError
from tracker_service.types import Float64


def mpjpe(predicted: ArrayLike, truth: ArrayLike, *, root: tuple[int, ...] = (0,)) -> Float64:
    """Return the mean per-joint position error after root alignment.

    Args:
        predicted: (n, J, 3) joints, metres.
        truth: (n, J, 3) joints, metres, in the same order.
        root: joints whose mean is the root; for joint sets without a pelvis, both hips.

    Returns:
        (n,) float64, metres.

    Raises:
        ContractError: the arrays are not (n, J, 3) of the same size, or hold NaN.
    """
    first, second = _joint_pairs(predicted, truth)
    indices = list(root)
    first = first - first[:, indices].mean(axis=1, keepdims=True)
    second = second - second[:, indices].mean(axis=1, keepdims=True)
    return _mean_distance(first, second)


def pa_mpjpe(predicted: ArrayLike, truth: ArrayLike) -> Float64:
    """Return the mean per-joint position error after Procrustes alignment, (n,) float64; arguments as `mpjpe`."""
    first, second = _joint_pairs(predicted, truth)
    return _mean_distance(procrustes_aligned(first, second), second)


def procrustes_aligned(points: ArrayLike, target: ArrayLike) -> Float64:
    """Move each set of points onto its target by the scale, proper rotation and translation of least squared error.

    Args:
        points: (n, J, 3).
        target: (n, J, 3).

    Returns:
        (n, J, 3) float64; points that all coincide are moved to the target's centre.

    Raises:
        ContractError: the arrays are not (n, J, 3) of the same size, or hold NaN.
    """
    first, second = _joint_pairs(points, target)
    first_center, second_center = first.mean(axis=1, keepdims=True), second.mean(axis=1, keepdims=True)
    first, second = first - first_center, second - second_center
    u, singular, vt = np.linalg.svd(np.swapaxes(second, 1, 2) @ first)
    # A reflection would fit mirrored people; turning the weakest axis around keeps the rotation proper.
    signs = np.ones_like(singular)
    signs[:, 2] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    rotation = (u * signs[:, None]) @ vt
    spread = (first**2).sum(axis=(1, 2))
    scale = np.divide((singular * signs).sum(axis=1), spread, out=np.zeros_like(spread), where=spread > 0)
    aligned: Float64 = scale[:, None, None] * (first @ np.swapaxes(rotation, 1, 2)) + second_center
    return aligned


def _joint_pairs(predicted: ArrayLike, truth: ArrayLike) -> tuple[Float64, Float64]:
    first, second = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    if first.ndim != 3 or first.shape[2] != 3 or first.shape[1] == 0 or first.shape != second.shape:
        raise ContractError(
            f"joints: expected two arrays of the same shape (n, J, 3), got {first.shape} and {second.shape}"
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ContractError("joints: expected finite numbers, got NaN or infinity")
    return first, second


def _mean_distance(first: Float64, second: Float64) -> Float64:
    distances: Float64 = np.linalg.norm(first - second, axis=2).mean(axis=1)
    return distances
