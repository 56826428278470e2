"""Which joints of people are in sight: within the picture, and not covered by a nearer person."""

from collections.abc import Sequence

import numpy as np

from tracker_service.body.joints import JOINT_INDEX
from tracker_service.types import Bool, Float32, Float64, FrameResult, PersonState, TrackedPerson
from tracker_service.types.phalp_vectors import FOCAL_OVER_SIZE

_NEARER = 0.3
"""Metres by which a person must be nearer to cover another; depths are not more exact."""
_LIMBS = (
    ("nose", "neck", 0.12),
    ("neck", "mid_hip", 0.16),
    ("right_shoulder", "right_hip", 0.1),
    ("left_shoulder", "left_hip", 0.1),
    ("right_shoulder", "right_elbow", 0.06),
    ("right_elbow", "right_wrist", 0.05),
    ("left_shoulder", "left_elbow", 0.06),
    ("left_elbow", "left_wrist", 0.05),
    ("right_hip", "right_knee", 0.09),
    ("right_knee", "right_ankle", 0.07),
    ("left_hip", "left_knee", 0.09),
    ("left_knee", "left_ankle", 0.07),
)
"""Ends of the parts of a clothed body, and how far it reaches from the line between them, metres."""
_STARTS = [JOINT_INDEX[start] for start, _, _ in _LIMBS]
_ENDS = [JOINT_INDEX[end] for _, end, _ in _LIMBS]
_RADII = np.array([radius for _, _, radius in _LIMBS])


def in_picture(people: Sequence[TrackedPerson], frame_size: tuple[int, int]) -> Bool:
    """Return (n, 45) bool: joints within a frame of (width, height) pixels."""
    joints = np.array([person.joints_2d for person in people], np.float32).reshape(len(people), -1, 2)
    return np.asarray(((joints >= 0) & (joints < frame_size)).all(axis=2))


def covered(result: FrameResult) -> Bool:
    """Return (n, 45) bool: joints behind the body of a person who was seen nearer to the camera."""
    people = result.persons
    hidden = np.zeros((len(people), len(JOINT_INDEX)), np.bool_)
    pixels = FOCAL_OVER_SIZE * max(result.width, result.height)
    for row, person in enumerate(people):
        for other in people:
            nearer = person.camera[2] - other.camera[2] > _NEARER and other.state is PersonState.SEEN
            if nearer and _overlap(person.box, other.box):
                hidden[row] |= _behind(person.joints_2d, other.joints_2d, pixels / float(other.camera[2]))
    return hidden


def _overlap(first: Float32, second: Float32) -> bool:
    return bool((np.minimum(first[2:], second[2:]) > np.maximum(first[:2], second[:2])).all())


def _behind(joints: Float32, body: Float32, pixels_per_metre: float) -> Bool:
    """Return (j,) bool: joints nearer to a limb of ``body`` than its radius, in the picture."""
    starts, spans = body[_STARTS].astype(np.float64), (body[_ENDS] - body[_STARTS]).astype(np.float64)
    offsets = joints[:, None].astype(np.float64) - starts
    along: Float64 = (offsets * spans).sum(axis=2) / np.maximum((spans**2).sum(axis=1), 1e-9)
    nearest = offsets - np.clip(along, 0, 1)[..., None] * spans
    return np.asarray((np.hypot(nearest[..., 0], nearest[..., 1]) < _RADII * pixels_per_metre).any(axis=1))
