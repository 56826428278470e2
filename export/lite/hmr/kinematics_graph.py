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
_LIMB_PARENTS = [1, 1, 0, 0]
"""Upper arms start at the chest, thighs at the pelvis; rows of the trunk's rotations."""
_CAP_DEGREES = (150.0, 70.0, 80.0, 80.0, 50.0, 50.0)
"""Largest turn of chest, head (to the chest), hands and feet."""
_SHARES = ((0, 1 / 3), (0, 2 / 3), (1, 0.5), (1, 1.0), (2, 0.8), (3, 0.8), (4, 1.0), (5, 1.0))
"""Joints 3, 6, 12, 15, 20, 21, 7, 8: which of the capped turns, and how much of it."""
_ORDER = (0, 5, 6, 11, 9, 10, 12, 17, 18, 1, 17, 18, 13, 1, 1, 14, 3, 4, 7, 8, 15, 16, 15, 16)
"""Where the 24 global rotations lie among trunk (3), upper limbs (4), lower limbs (4) and the partial turns (8)."""


def global_rotations(landmarks: Value, tables: BodyTables) -> Value:
    """Return [N, 24, 3, 3] global rotations of the joints from [N, 33, 3] world landmarks."""
    graph = landmarks.graph
    spans = graph.op("MatMul", way.direction_matrix(), landmarks)
    towards = unit(spans)
    rest = tables.directions
    trunk = _turned(towards.take(way.TRUNK_ACROSS, 1), towards.take(way.TRUNK_UP, 1), _pairs(rest, way.TRUNK_ACROSS, way.TRUNK_UP))
    parents = trunk.take(_LIMB_PARENTS, 1)
    starts = (parents @ tables.limb_starts[:, :, None]).reshape(0, 4, 3)
    upper_spans, lower_spans = unit(spans.take(way.UPPER, 1) - starts), towards.take(way.LOWER, 1)
    hinge = _hinges(upper_spans, lower_spans, parents, rest)
    upper = _turned(upper_spans, hinge, _hinge_pairs(rest, way.UPPER))
    lower = _turned(lower_spans, hinge, _hinge_pairs(rest, way.LOWER))
    ends = _ends(towards, hinge, rest)
    bases = graph.op("Concat", trunk.take([0, 1], 1), lower, axis=1)
    wanted = graph.op("Concat", trunk.take([1, 2], 1), ends, axis=1)
    turns = limited(quaternion(swapped(bases, 4) @ wanted), _column(np.tan(np.radians(_CAP_DEGREES) / 2)))
    rows = [row for row, _ in _SHARES]
    shares = _column(np.array([share for _, share in _SHARES]))
    parts = bases.take(rows, 1) @ rotation(partial(turns.take(rows, 1), shares))
    lean = _lean(spans, trunk, parts, tables)
    spine, rest_parts = graph.ops("Split", parts, np.array([2, 6], np.int64), outputs=2, axis=1)
    return graph.op("Concat", trunk, upper, lower, lean @ spine, rest_parts, axis=1).take(_ORDER, 1)


def _lean(spans: Value, trunk: Value, parts: Value, tables: BodyTables) -> Value:
    """Return [N, 1, 3, 3] what the two middle spine joints turn by, so that the shoulders come to lie above the hips as seen.

    Only half of the trunk's length hangs on those joints, so they turn by twice the missing angle.
    """
    graph = spans.graph
    links = graph.op("Concat", trunk.take([0], 1), parts.take([0, 1], 1), trunk.take([1], 1), axis=1)
    now = unit((links @ tables.trunk_links[:, :, None]).reshape(0, 4, 3).sum(1))
    wanted = unit(spans.take([way.TRUNK_UP[0]], 1))
    twice = graph.op("Concat", dot(now, wanted) + np.float32(1e-3), cross(now, wanted), axis=2)
    return rotation(limited(unit(twice), _column(np.tan(np.radians([LEAN]) / 2))))


LEAN = 60.0


def local_rotations(rotations: Value) -> Value:
    """Return [N, 23, 3, 3] rotations of joints 1 to 23 relative to their parents."""
    return swapped(rotations.take(PARENTS[1:].tolist(), 1), 4) @ rotations.take(list(range(1, 24)), 1)


def _column(values: Float64) -> Float32:
    return values.astype(np.float32)[:, None]


def _pairs(rest: Float64, primary: tuple[int, ...], secondary: tuple[int, ...]) -> Float64:
    return np.stack([rest[list(primary)], rest[list(secondary)]], axis=1)


def _hinge_pairs(rest: Float64, primary: tuple[int, ...]) -> Float64:
    return np.stack([rest[list(primary)], _RESTING_HINGE], axis=1)


def _turned(primary: Value, secondary: Value, resting: Float64) -> Value:
    """Return rotations [N, k, 3, 3] of (k, 2, 3) resting onto observed directions, exact for the primary."""
    observed = frame(primary, secondary, (resting * _FLIP).astype(np.float32))
    return observed @ resting_frames(resting).transpose(0, 2, 1).astype(np.float32)


def resting_frames(pairs: Float64) -> Float64:
    """Return (k, 3, 3) frames (columns) of (k, 2, 3) primary and secondary directions."""
    x = pairs[:, 0] / np.linalg.norm(pairs[:, 0], axis=1, keepdims=True)
    z = np.cross(x, pairs[:, 1])
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    return np.stack([x, np.cross(z, x), z], axis=2)


def _hinges(upper: Value, lower: Value, parents: Value, rest: Float64) -> Value:
    """Return [N, 4, 3] axes that elbows and knees bend about.

    A bent limb shows its axis. A straight one does not: there the resting axis is carried along with the upper limb
    by the smallest rotation. The part of an observed axis that opposes the carried one is noise and is dropped.
    """
    graph = upper.graph
    local = (swapped(parents, 4) @ upper.reshape(0, 0, 3, 1)).reshape(0, 0, 3)
    resting = rest[list(way.UPPER)].astype(np.float32)
    axis = _RESTING_HINGE - resting * (_RESTING_HINGE * resting).sum(1, keepdims=True)
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    opposite = graph.op("Max", dot(local, resting) + np.float32(1), np.float32(1e-3))
    carried = (local + resting) * (dot(local, axis) / opposite)
    usual = (parents @ unit(axis - carried).reshape(0, 0, 3, 1)).reshape(0, 0, 3)
    bend = cross(upper, lower)
    against = graph.op("Min", dot(bend, usual), np.float32(0))
    doubt = graph.op("Relu", np.float32(0.3) - length(bend) * np.float32(0.6))
    return bend - usual * against + usual * (doubt + np.float32(0.01))


def _ends(towards: Value, hinge: Value, rest: Float64) -> Value:
    """Return [N, 4, 3, 3] global rotations that hands and feet would have without limits."""
    graph = towards.graph
    across = graph.op("Concat", towards.take(way.HANDS_ACROSS, 1), hinge.take([2, 3], 1), axis=1)
    resting = np.concatenate([rest[list(way.HANDS_ACROSS)], _RESTING_HINGE[2:]])
    return _turned(towards.take(way.ENDS, 1), across, np.stack([rest[list(way.ENDS)], resting], axis=1))
