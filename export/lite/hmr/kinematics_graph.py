"""Landmarks to 24 rotations in closed form, batched over people and limbs.

The rules are those of `reference.py`, which does the same for one person step by step; constants are in `anatomy.py`.
"""

import numpy as np

from export.body.skeleton import CHEST, PARENTS, PELVIS
from export.lite.hmr import directions as way
from export.lite.hmr.anatomy import (
    FLIP,
    FOLLOWERS,
    LEAN_LIMIT,
    LIMBS,
    PARTS,
    RESTING_HINGE,
    SPINE_PARTS,
    STRAIGHT,
    TURNS,
    USUAL_HINGE_WEIGHT,
)
from export.lite.hmr.tables import BodyTables
from export.lite.onnx.graph_builder import Value
from export.lite.onnx.vector_math import (
    cross,
    dot,
    frame,
    length,
    limited,
    partial,
    quaternion,
    rotation,
    swapped,
    unit,
)
from tracker_service.types import Float32, Float64
from tracker_service.types.smpl import NUMBER_OF_ROTATIONS

_TRUNK = (PELVIS, CHEST)
"""Joints of the first trunk rotations; the third is the head's, before it is limited."""
_CONCATENATED = (
    *_TRUNK,
    -1,
    *(upper for upper, _, _ in LIMBS),
    *(lower for _, lower, _ in LIMBS),
    *(part.joint for part in PARTS),
)
"""Joints in the order in which their rotations are found."""
_ORDER = [_CONCATENATED.index(FOLLOWERS.get(joint, joint)) for joint in range(NUMBER_OF_ROTATIONS)]


def global_rotations(landmarks: Value, tables: BodyTables) -> Value:
    """Return [N, 24, 3, 3] global rotations of the joints from [N, 33, 3] world landmarks."""
    graph = landmarks.graph
    rest = tables.directions
    spans = graph.op("MatMul", way.direction_matrix(), landmarks)
    towards = unit(spans)
    trunk = _turned(
        towards.take(way.TRUNK_ACROSS, 1),
        towards.take(way.TRUNK_UP, 1),
        np.stack([rest[list(way.TRUNK_ACROSS)], rest[list(way.TRUNK_UP)]], axis=1),
    )
    parents = trunk.take([_TRUNK.index(parent) for _, _, parent in LIMBS], 1)
    starts = (parents @ tables.limb_starts[:, :, None]).reshape(0, 4, 3)
    upper_limbs, lower_limbs = unit(spans.take(way.UPPER, 1) - starts), towards.take(way.LOWER, 1)
    hinge = _hinges(upper_limbs, lower_limbs, parents, rest)
    upper = _turned(upper_limbs, hinge, np.stack([rest[list(way.UPPER)], RESTING_HINGE], axis=1))
    lower = _turned(lower_limbs, hinge, np.stack([rest[list(way.LOWER)], RESTING_HINGE], axis=1))
    bases = graph.op("Concat", trunk.take([0, 1], 1), lower, axis=1)
    wanted = graph.op("Concat", trunk.take([1, 2], 1), _ends(towards, hinge, rest), axis=1)
    spine, others = _parts(bases, wanted)
    lean = _lean(spans, trunk, spine, tables)
    return graph.op("Concat", trunk, upper, lower, lean @ spine, others, axis=1).take(_ORDER, 1)


def local_rotations(rotations: Value) -> Value:
    """Return [N, 23, 3, 3] rotations of joints 1 to 23 relative to their parents."""
    return swapped(rotations.take(PARENTS[1:].tolist(), 1), 4) @ rotations.take(list(range(1, NUMBER_OF_ROTATIONS)), 1)


def _column(values: Float64) -> Float32:
    return values.astype(np.float32)[:, None]


def _half_tangent(degrees: list[float]) -> Float32:
    return _column(np.tan(np.radians(degrees) / 2))


def _turned(primary: Value, secondary: Value, resting: Float64) -> Value:
    """Return rotations [N, k, 3, 3] of (k, 2, 3) resting onto observed directions, exact for the primary."""
    observed = frame(primary, secondary, (resting * FLIP).astype(np.float32))
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
    axis = RESTING_HINGE - resting * (RESTING_HINGE * resting).sum(1, keepdims=True)
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    # The smallest rotation of a onto b takes v, at right angles to a, to v - (b.v) / (1 + a.b) (a + b).
    opposite = graph.op("Max", dot(local, resting) + np.float32(1), np.float32(1e-3))
    carried = (local + resting) * (dot(local, axis) / opposite)
    usual = (parents @ unit(axis - carried).reshape(0, 0, 3, 1)).reshape(0, 0, 3)
    bend = cross(upper, lower)
    against = graph.op("Min", dot(bend, usual), np.float32(0))
    slope = USUAL_HINGE_WEIGHT / STRAIGHT
    weight = graph.op("Relu", -length(bend) * np.float32(slope) + np.float32(USUAL_HINGE_WEIGHT))
    return bend - usual * against + usual * (weight + np.float32(0.01))


def _ends(towards: Value, hinge: Value, rest: Float64) -> Value:
    """Return [N, 4, 3, 3] global rotations that hands and feet would have without limits."""
    graph = towards.graph
    across = graph.op("Concat", towards.take(way.HANDS_ACROSS, 1), hinge.take([2, 3], 1), axis=1)
    resting = np.concatenate([rest[list(way.HANDS_ACROSS)], RESTING_HINGE[2:]])
    return _turned(towards.take(way.ENDS, 1), across, np.stack([rest[list(way.ENDS)], resting], axis=1))


def _parts(bases: Value, wanted: Value) -> tuple[Value, Value]:
    """Return the global rotations of `PARTS`, the spine's [N, 2, 3, 3] and the others' [N, 6, 3, 3]."""
    limits = _half_tangent([turn.limit for turn in TURNS])
    turns = limited(quaternion(swapped(bases, 4) @ wanted), limits)
    rows = [part.turn for part in PARTS]
    shares = _column(np.array([part.share for part in PARTS]))
    parts = bases.take(rows, 1) @ rotation(partial(turns.take(rows, 1), shares))
    sizes = np.array([SPINE_PARTS, len(PARTS) - SPINE_PARTS], np.int64)
    spine, others = bases.graph.ops("Split", parts, sizes, outputs=2, axis=1)
    return spine, others


def _lean(spans: Value, trunk: Value, spine: Value, tables: BodyTables) -> Value:
    """Return [N, 1, 3, 3] what the middle spine joints turn by so that the shoulders stand over the hips as seen.

    Only half of the trunk's length hangs on those joints, so they turn by twice the missing angle.
    """
    graph = spans.graph
    links = graph.op("Concat", trunk.take([0], 1), spine, trunk.take([1], 1), axis=1)
    now = unit((links @ tables.trunk_links[:, :, None]).reshape(0, 4, 3).sum(1))
    seen = unit(spans.take([way.TRUNK_UP[0]], 1))
    # (cosine, sine times axis) of an angle is the quaternion of twice that angle.
    twice = graph.op("Concat", dot(now, seen) + np.float32(1e-3), cross(now, seen), axis=2)
    return rotation(limited(unit(twice), _half_tangent([LEAN_LIMIT])))
