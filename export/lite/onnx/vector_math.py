"""Vector and rotation algebra on graph values; the last axis holds x, y, z, rotations are the last two axes.

Every function is finite for any finite input, and every rotation it makes is orthonormal to rounding.
"""

import numpy as np

from export.lite.onnx.graph_builder import Value
from tracker_service.types import Float32

_TINY = np.float32(1e-12)


def dot(a: Value, b: Value | Float32) -> Value:
    """Inner product along the last axis, which stays with length 1."""
    return (a * b).sum(-1)


def length(a: Value) -> Value:
    """Euclidean length along the last axis, which stays with length 1."""
    return a.graph.op("ReduceL2", a, axes=[-1], keepdims=1)


def unit(a: Value) -> Value:
    """Scale to length 1; zero stays zero."""
    return a / a.graph.op("Max", length(a), _TINY)


def cross(a: Value, b: Value) -> Value:
    """Vector product along the last axis."""
    turn = [1, 2, 0]
    return (a * b.take(turn, axis=-1) - a.take(turn, axis=-1) * b).take(turn, axis=-1)


def swapped(matrix: Value, rank: int) -> Value:
    """Transpose the last two of ``rank`` axes."""
    return matrix.transpose(*range(rank - 2), rank - 1, rank - 2)


def frame(primary: Value, secondary: Value, default: Float32) -> Value:
    """Rotations whose first column is ``primary`` and whose second lies in the plane of both.

    Args:
        primary: (..., 3), need not be of length 1.
        secondary: (..., 3), not parallel to ``primary``.
        default: (..., 2, 3) what is used where an argument vanishes; added a million times smaller.
    """
    graph = primary.graph
    x = unit(primary + default[..., 0, :] * np.float32(1e-6))
    rough = unit(cross(x, secondary + default[..., 1, :] * np.float32(1e-6)))
    y = unit(cross(rough, x))
    axes = [graph.op("Unsqueeze", v, np.array([-1], np.int64)) for v in (x, y, cross(x, y))]
    return graph.op("Concat", *axes, axis=-1)


def quaternion(rotation: Value) -> Value:
    """(..., 3, 3) to (..., 4): w >= 0, x, y, z. Ill conditioned only within rounding of half a turn."""
    graph = rotation.graph
    flat = rotation.reshape(0, 0, 9)
    wxyz = flat @ _ROTATION_TO_QUATERNION + np.array([1 + 1e-6, 0, 0, 0], np.float32)
    return unit(graph.op("Max", wxyz, np.array([0, -9, -9, -9], np.float32)))


_ROTATION_TO_QUATERNION: Float32 = np.zeros((9, 4), np.float32)
_ROTATION_TO_QUATERNION[[0, 4, 8], 0] = 1
_ROTATION_TO_QUATERNION[[7, 2, 3], [1, 2, 3]] = 1
_ROTATION_TO_QUATERNION[[5, 6, 1], [1, 2, 3]] = -1


def rotation(unit_quaternion: Value) -> Value:
    """(N, k, 4) to (N, k, 3, 3)."""
    graph = unit_quaternion.graph
    pairs = unit_quaternion.take(_LEFT, axis=-1) * unit_quaternion.take(_RIGHT, axis=-1)
    flat = pairs @ _PRODUCTS_TO_ROTATION + np.eye(3, dtype=np.float32).ravel()
    return graph.op("Reshape", flat, np.array([0, 0, 3, 3], np.int64))


_PAIRS = ((1, 1), (2, 2), (3, 3), (1, 2), (1, 3), (2, 3), (0, 1), (0, 2), (0, 3))
_LEFT, _RIGHT = [p[0] for p in _PAIRS], [p[1] for p in _PAIRS]


def _products_to_rotation() -> Float32:
    """Return the (9, 9) matrix from quaternion products to a flat rotation less the identity."""
    table = np.zeros((9, 9), np.float32)
    xx, yy, zz, xy, xz, yz, wx, wy, wz = range(9)
    entries = (
        ((yy, -2), (zz, -2)),
        ((xy, 2), (wz, -2)),
        ((xz, 2), (wy, 2)),
        ((xy, 2), (wz, 2)),
        ((xx, -2), (zz, -2)),
        ((yz, 2), (wx, -2)),
        ((xz, 2), (wy, -2)),
        ((yz, 2), (wx, 2)),
        ((xx, -2), (yy, -2)),
    )
    for column, terms in enumerate(entries):
        for row, factor in terms:
            table[row, column] = factor
    return table


_PRODUCTS_TO_ROTATION = _products_to_rotation()


def limited(unit_quaternion: Value, half_tangent: Float32) -> Value:
    """Cut the angle of (..., 4) rotations down to where tan(angle / 2) = ``half_tangent`` (..., 1)."""
    graph = unit_quaternion.graph
    real, imaginary = graph.ops("Split", unit_quaternion, np.array([1, 3], np.int64), outputs=2, axis=-1)
    allowed = real * half_tangent / graph.op("Max", length(imaginary), _TINY)
    shorter = imaginary * graph.op("Min", allowed, np.float32(1))
    return unit(graph.op("Concat", real + np.float32(1e-12), shorter, axis=-1))


def partial(unit_quaternion: Value, share: Float32) -> Value:
    """Go ``share`` (..., 1) of the way from no rotation to the given one (normalised linear interpolation)."""
    identity = np.array([1, 0, 0, 0], np.float32)
    return unit(unit_quaternion * share + identity * (1 - share))
