"""One leg: its measures, where its ankle is while the foot stands, and inverse kinematics from hip to ankle."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from samples.people.figure import Figure
from samples.rotations import about_x, about_y
from tracker_service.types import Float64

SOLE = 0.022
"""Thickness of boot soles, metres."""
_STRETCH = 0.997
"""Longest distance from hip to ankle, as a share of the straight leg."""


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """Measures of one leg in the rest pose.

    Attributes:
        side: +1 left, -1 right.
        joints: SMPL indices of hip, knee, ankle and toe joint.
        hip, knee, ankle: (3,) rest positions, metres.
        heel: (3,) the point of the sole that the foot comes down on, relative to the ankle.
        ball: (3,) the toe joint, which the foot rolls over and about which the toes bend, relative to the ankle.
        tip: (3,) the front end of the sole, relative to the toe joint.
        thigh, shin: (3, 3) frames of the bones, see `_frame`.
        standing_height: height of the pelvis joint when the legs are straight and the boots on the ground.
    """

    side: float
    joints: tuple[int, int, int, int]
    hip: Float64
    knee: Float64
    ankle: Float64
    heel: Float64
    ball: Float64
    tip: Float64
    thigh: Float64
    shin: Float64
    standing_height: float

    @staticmethod
    def left(figure: Figure) -> "Leg":
        """Return the left leg of a body."""
        return _leg(figure, 1.0, (1, 4, 7, 10))

    @staticmethod
    def right(figure: Figure) -> "Leg":
        """Return the right leg of a body."""
        return _leg(figure, -1.0, (2, 5, 8, 11))


@cache
def _leg(figure: Figure, side: float, joints: tuple[int, int, int, int]) -> Leg:
    hip, knee, ankle, toe = (figure.joints[joint] for joint in joints)
    on_foot = np.isin(figure.body.lbs_weights.argmax(axis=1), joints[2:])
    foot = figure.vertices[on_foot] - ankle
    sole = float(foot[:, 1].min()) - SOLE
    heel = np.array([0.0, sole, float(foot[:, 2].min()) * 0.75])
    ball = np.array([0.0, *(toe - ankle)[1:]])
    tip = np.array([0.0, sole, float(foot[:, 2].max())]) - ball
    standing = float(figure.joints[0][1] - ankle[1] - sole)
    thigh, shin = (_frame(bone, np.array([1.0, 0.0, 0.0])) for bone in (knee - hip, ankle - knee))
    return Leg(side, joints, hip, knee, ankle, heel, ball, tip, thigh, shin, standing)


def planted_ankle(leg: Leg, ground: Float64, heading: float, pitch: float) -> Float64:
    """Return the ankle's position while the foot rolls over its heel (pitch < 0) or its ball (pitch > 0).

    Args:
        leg: the leg.
        ground: (3,) ground point below the ankle when the foot is flat.
        heading: of the foot, radians.
        pitch: radians, positive with the heel up.
    """
    pivot = leg.heel if pitch < 0 else leg.ball
    turn = about_y(heading)
    flat = ground + np.array([0.0, -leg.heel[1], 0.0])
    return np.asarray(flat + turn @ pivot - turn @ about_x(pitch) @ pivot)


def lowest_point(leg: Leg, pitch: float, bend: float) -> float:
    """Return the height of the lowest point of a foot in the air, relative to its ankle.

    Args:
        leg: the leg.
        pitch: of the foot, radians, positive with the heel up.
        bend: of the toes, radians, positive upwards.
    """
    foot = about_x(pitch)
    toes = about_x(pitch - bend)
    ball = foot @ leg.ball
    below_ball = np.array([0.0, leg.tip[1], 0.0])
    return float(min((foot @ leg.heel)[1], (ball + toes @ below_ball)[1], (ball + toes @ leg.tip)[1]))


def two_bone_rotations(leg: Leg, hip: Float64, ankle: Float64, forward: Float64) -> tuple[Float64, Float64]:
    """Return the world rotations of thigh and shin that bring the ankle to its place, the knee bent ``forward``."""
    thigh_length = float(np.linalg.norm(leg.knee - leg.hip))
    shin_length = float(np.linalg.norm(leg.ankle - leg.knee))
    reach = ankle - hip
    distance = min(float(np.linalg.norm(reach)), _STRETCH * (thigh_length + shin_length))
    down = reach / np.linalg.norm(reach)
    ahead = forward - down * (forward @ down)
    ahead = ahead / np.linalg.norm(ahead)
    cosine = (thigh_length**2 + distance**2 - shin_length**2) / (2 * thigh_length * distance)
    angle = float(np.arccos(np.clip(cosine, -1.0, 1.0)))
    knee = hip + thigh_length * (np.cos(angle) * down + np.sin(angle) * ahead)
    hinge = np.cross(ahead, -down)
    end = hip + down * distance
    return _frame(knee - hip, -hinge) @ leg.thigh.T, _frame(end - knee, -hinge) @ leg.shin.T


def _frame(bone: Float64, hinge: Float64) -> Float64:
    """Return the orthonormal frame whose y axis runs up the bone and whose x axis is as near the hinge as can be."""
    y = -bone / np.linalg.norm(bone)
    x = hinge - y * (hinge @ y)
    x = x / np.linalg.norm(x)
    return np.stack([x, y, np.cross(x, y)], axis=1)
