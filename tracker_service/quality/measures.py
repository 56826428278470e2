"""What is measured of the poses of a frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker_service.body.joints import BODY_25_SIZE, JOINT_INDEX
from tracker_service.types import Bool, Float32, Float64, PersonState, TrackedPerson

BODY = slice(BODY_25_SIZE)
TRUNK_AND_LIMBS = slice(JOINT_INDEX["left_ankle"] + 1)
"""Nose, neck, shoulders, arms, hips and legs, the first of BODY_25."""
_OUTLINE = np.array([*range(BODY.stop), JOINT_INDEX["head_top_lsp"]])
_BOX_MARGIN = 0.05
"""How far a body reaches beyond its joints, as a part of the longer side of their box."""
_BORDER = 0.01
"""How near to the border, as a part of the frame's side, a box ends there: boxes end where the picture does."""
_SHORTEST_TRUNK = 0.4
"""Part of its length that a trunk must show in the picture for its lean to be known."""
_NECK, _HIPS = JOINT_INDEX["neck"], JOINT_INDEX["mid_hip"]


@dataclass(frozen=True, slots=True)
class Measures:
    """What is measured of n poses; see `QualityParameters`.

    Attributes:
        pixels, in_picture, in_sight, fit, reach, lean, step: (n,) float64; fit and reach are 1 for people who were not
            seen, reach also where the box ends at the border, step is 0 without a pose in the frame before.
        at_border: (n,) bool, people who were seen and whose box ends at the border of the picture.
        presence_before: (n,) float64 presence in the earlier frame, 0 for people who were not seen in it.
    """

    pixels: Float64
    in_picture: Float64
    in_sight: Float64
    fit: Float64
    reach: Float64
    lean: Float64
    step: Float64
    at_border: Bool
    presence_before: Float64


def measure(
    people: Sequence[TrackedPerson],
    before: Sequence[TrackedPerson],
    frame_size: tuple[int, int],
    within: Bool,
    hidden: Bool,
) -> Measures:
    """Measure the poses of one frame.

    Args:
        people: n of them.
        before: those of an earlier frame, if any.
        frame_size: (width, height) of the frame.
        within: (n, 45) joints in the picture.
        hidden: (n, 45) joints covered by a nearer person.
    """
    joints = np.array([person.joints_2d for person in people], np.float64).reshape(len(people), -1, 2)
    outline = joints[:, _OUTLINE]
    low, high = outline.min(axis=1), outline.max(axis=1)
    reach = _BOX_MARGIN * (high - low).max(axis=1, keepdims=True)
    bodies = np.clip(np.concatenate([low - reach, high + reach], axis=1), 0, (*frame_size, *frame_size))
    limbs = np.clip(joints[:, BODY], 0, frame_size)
    shown = within[:, BODY].sum(axis=1)
    at_border = _at_border(people, frame_size)
    return Measures(
        pixels=(high - low).max(axis=1),
        in_picture=shown / BODY.stop,
        in_sight=(within & ~hidden)[:, BODY].sum(axis=1) / np.maximum(shown, 1),
        fit=_fits(people, bodies),
        reach=np.where(at_border, 1.0, _reaches(people, np.ptp(limbs, axis=1).max(axis=1))),
        lean=_leans(people, joints),
        step=_steps(people, before),
        at_border=at_border,
        presence_before=_presence_before(people, before),
    )


def _fits(people: Sequence[TrackedPerson], bodies: Float64) -> Float64:
    boxes = _boxes(people)
    common = np.clip(np.minimum(bodies[:, 2:], boxes[:, 2:]) - np.maximum(bodies[:, :2], boxes[:, :2]), 0, None)
    area = common.prod(axis=1)
    union = sum((each[:, 2:] - each[:, :2]).prod(axis=1) for each in (bodies, boxes)) - area
    return np.where(_seen(people), area / np.maximum(union, 1e-9), 1.0)


def _reaches(people: Sequence[TrackedPerson], longer: Float64) -> Float64:
    """Return how far bodies of (n,) longer sides reach through their boxes: a part of the longer side, or less.

    What a body is too long counts half: detectors draw their boxes tight. The top of the head is left out: hats and
    helmets hide it, and which end of the body it is at is what may be wrong.
    """
    boxes = _boxes(people)
    ratio = longer * (1 + 2 * _BOX_MARGIN) / np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1), 1e-9)
    return np.where(_seen(people), np.where(ratio > 1, np.maximum(1 - (ratio - 1) / 2, 0), ratio), 1.0)


def _boxes(people: Sequence[TrackedPerson]) -> Float64:
    return np.array([person.box for person in people], np.float64).reshape(-1, 4)


def _seen(people: Sequence[TrackedPerson]) -> Bool:
    return np.array([person.state is PersonState.SEEN for person in people], np.bool_)


def _at_border(people: Sequence[TrackedPerson], frame_size: tuple[int, int]) -> Bool:
    boxes = _boxes(people).reshape(-1, 2, 2)
    nearest = np.minimum(boxes[:, 0], frame_size - boxes[:, 1]) / frame_size
    return np.logical_and((nearest <= _BORDER).any(axis=1), _seen(people))


def _leans(people: Sequence[TrackedPerson], joints: Float64) -> Float64:
    """Return degrees between the trunk and upright in the picture; 0 where the trunk points at the camera."""
    models = np.array([person.joints_3d for person in people], np.float64).reshape(len(people), -1, 3)
    trunks = models[:, _NECK] - models[:, _HIPS]
    shown = np.hypot(trunks[:, 0], trunks[:, 1]) >= _SHORTEST_TRUNK * np.linalg.norm(trunks, axis=1)
    x, y = (joints[:, _NECK] - joints[:, _HIPS]).T
    return np.where(shown, np.abs(np.degrees(np.arctan2(x, -y))), 0.0)


def _steps(people: Sequence[TrackedPerson], before: Sequence[TrackedPerson]) -> Float64:
    """Return by how many metres a frame the joints moved about the pelvis, on average."""
    known = {person.track_id: person for person in before}
    return np.array([_step(person, known.get(person.track_id)) for person in people], np.float64)


def _step(person: TrackedPerson, before: TrackedPerson | None) -> float:
    if before is None:
        return 0.0
    now, then = (_about_pelvis(one.joints_3d) for one in (person, before))
    return float(np.linalg.norm(now - then, axis=1).mean()) / max(person.frame_number - before.frame_number, 1)


def _presence_before(people: Sequence[TrackedPerson], before: Sequence[TrackedPerson]) -> Float64:
    known = {one.track_id: one.presence for one in before if one.state is PersonState.SEEN}
    return np.array([known.get(person.track_id, 0.0) for person in people], np.float64)


def _about_pelvis(joints: Float32) -> Float32:
    return np.asarray(joints[TRUNK_AND_LIMBS] - joints[_HIPS], np.float32)
