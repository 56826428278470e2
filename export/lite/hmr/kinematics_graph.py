"""Landmarks to 24 rotations in closed form, batched over people and limbs."""

import numpy as np

from export.lite.body.skeleton import PARENTS
from export.lite.hmr import directions as way
from export.lite.hmr.tables import BodyTables
from export.lite.onnx_graph import Value
from export.lite.onnx_math import cross, dot, frame, length, limited, partial, quaternion, rotation, swapped, unit
from tracker_service.types import Float32, Float64

_FLIP = np.array([1, -1, -1], np.float32)
"""From y up, z towards the camera to y down, z away: what an upright person who faces the camera is turned by."""
_RESTING_HINGE: Float32 = np.array([[0, -1, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0]], np.float32)
"""Elbows of the resting body bend about -y (left) and +y (right), knees about +x."""
_CAP_DEGREES = (150.0, 70.0, 80.0, 80.0, 50.0, 50.0)
"""Largest turn of chest, head (to the chest), hands and feet."""
_SHARES = ((0, 1 / 3), (0, 2 / 3), (1, 0.5), (1, 1.0), (2, 0.8), (3, 0.8), (4, 1.0), (5, 1.0))
"""Joints 3, 6, 12, 15, 20, 21, 7, 8: which of the capped turns, and how much of it."""
_ORDER = (0, 5, 6, 11, 9, 10, 12, 17, 18, 1, 17, 18, 13, 1, 1, 14, 3, 4, 7, 8, 15, 16, 15, 16)
"""Where the 24 global rotations lie among trunk (3), upper limbs (4), lower limbs (4) and the partial turns (8)."""


def global_rotations(landmarks: Value, tables: BodyTables) -> Value:
    """Return [N, 24, 3, 3] global rotations of the joints from [N, 33, 3] world landmarks."""
    graph = landmarks.graph
    towards = unit(graph.op("MatMul", way.direction_matrix(), landmarks))
    rest = tables.directions
    trunk = _turned(towards, way.TRUNK_ACROSS, towards.take(way.TRUNK_UP, 1), rest, rest[list(way.TRUNK_UP)])
    hinge = _hinges(towards, trunk, rest)
    upper = _turned(towards, way.UPPER, hinge, rest, _RESTING_HINGE)
    lower = _turned(towards, way.LOWER, hinge, rest, _RESTING_HINGE)
    ends = _ends(towards, hinge, rest)
    bases = graph.op("Concat", trunk.take([0, 1], 1), lower, axis=1)
    wanted = graph.op("Concat", trunk.take([1, 2], 1), ends, axis=1)
    turns = limited(quaternion(swapped(bases, 4) @ wanted), _column(np.tan(np.radians(_CAP_DEGREES) / 2)))
    rows = [row for row, _ in _SHARES]
    shares = _column(np.array([share for _, share in _SHARES]))
    parts = bases.take(rows, 1) @ rotation(partial(turns.take(rows, 1), shares))
    return graph.op("Concat", trunk, upper, lower, parts, axis=1).take(_ORDER, 1)


def local_rotations(rotations: Value) -> Value:
    """Return [N, 23, 3, 3] rotations of joints 1 to 23 relative to their parents."""
    return swapped(rotations.take(PARENTS[1:].tolist(), 1), 4) @ rotations.take(list(range(1, 24)), 1)


def _column(values: Float64) -> Float32:
    return values.astype(np.float32)[:, None]


def _turned(
    towards: Value, primary: tuple[int, ...], secondary: Value, rest: Float64, resting_secondary: Float64 | Float32
) -> Value:
    """Return the rotations that bring resting directions onto the observed ones, exact for the primary."""
    resting = np.stack([rest[list(primary)], resting_secondary], axis=1)
    observed = frame(towards.take(primary, 1), secondary, (resting * _FLIP).astype(np.float32))
    return observed @ resting_frames(resting).transpose(0, 2, 1).astype(np.float32)


def resting_frames(pairs: Float64) -> Float64:
    """Return (k, 3, 3) frames (columns) of (k, 2, 3) primary and secondary directions."""
    x = pairs[:, 0] / np.linalg.norm(pairs[:, 0], axis=1, keepdims=True)
    z = np.cross(x, pairs[:, 1])
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    return np.stack([x, np.cross(z, x), z], axis=2)


def _hinges(towards: Value, trunk: Value, rest: Float64) -> Value:
    """Return [N, 4, 3] axes that elbows and knees bend about.

    A bent limb shows its axis. A straight one does not: there the resting axis is carried along with the upper limb
    by the smallest rotation. The part of an observed axis that opposes the carried one is noise and is dropped.
    """
    graph = towards.graph
    parents = trunk.take([1, 1, 0, 0], 1)
    upper = towards.take(way.UPPER, 1)
    local = (swapped(parents, 4) @ upper.reshape(0, 0, 3, 1)).reshape(0, 0, 3)
    resting = rest[list(way.UPPER)].astype(np.float32)
    axis = _RESTING_HINGE - resting * (_RESTING_HINGE * resting).sum(1, keepdims=True)
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    opposite = graph.op("Max", dot(local, resting) + np.float32(1), np.float32(1e-3))
    carried = (local + resting) * (dot(local, axis) / opposite)
    usual = (parents @ unit(axis - carried).reshape(0, 0, 3, 1)).reshape(0, 0, 3)
    bend = cross(upper, towards.take(way.LOWER, 1))
    against = graph.op("Min", dot(bend, usual), np.float32(0))
    doubt = graph.op("Relu", np.float32(0.3) - length(bend) * np.float32(0.6))
    return bend - usual * against + usual * (doubt + np.float32(0.01))


def _ends(towards: Value, hinge: Value, rest: Float64) -> Value:
    """Return [N, 4, 3, 3] global rotations that hands and feet would have without limits."""
    graph = towards.graph
    across = graph.op("Concat", towards.take(way.HANDS_ACROSS, 1), hinge.take([2, 3], 1), axis=1)
    resting = np.concatenate([rest[list(way.HANDS_ACROSS)], _RESTING_HINGE[2:]])
    return _turned(towards, way.ENDS, across, rest, resting)
