"""What the inverse kinematics assumes about bodies: hinges, limits, and how turns spread over joints."""

from typing import NamedTuple

import numpy as np

from export.body import skeleton as body
from tracker_service.types import Float32

FLIP: Float32 = np.array([1, -1, -1], np.float32)
"""From the resting body (y up, facing +z) to the camera's axes (y down, z away), for an upright person who faces the
camera; SMPL keeps this half turn about x in the pelvis rotation."""
RESTING_HINGE: Float32 = np.array([[0, -1, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0]], np.float32)
"""Axes that left elbow, right elbow and knees of the resting body bend about."""
STRAIGHT = 0.5
"""Sine of the bend below which a limb's own plane is trusted less; raising it makes straight limbs twist less."""
USUAL_HINGE_WEIGHT = 0.3
"""Weight of the usual hinge for a straight limb, falling to zero at `STRAIGHT`."""
LEAN_LIMIT = 60.0
"""Degrees that the two middle spine joints may turn to bring the shoulders where they are seen."""


class Turn(NamedTuple):
    """The rotation between two parts of the body; ``limit`` in degrees."""

    name: str
    limit: float


TURNS = (
    Turn("pelvis to chest", 150.0),
    Turn("chest to head", 70.0),
    Turn("left forearm to hand", 80.0),
    Turn("right forearm to hand", 80.0),
    Turn("left shin to foot", 50.0),
    Turn("right shin to foot", 50.0),
)


class Part(NamedTuple):
    """A joint that takes its rotation from a turn, and how much of it (1: all)."""

    joint: int
    turn: int
    share: float


PARTS = (
    Part(3, 0, 1 / 3),
    Part(6, 0, 2 / 3),
    Part(body.NECK, 1, 0.5),
    Part(body.HEAD, 1, 1.0),
    Part(body.LEFT_WRIST, 2, 0.8),
    Part(body.RIGHT_WRIST, 3, 0.8),
    Part(body.LEFT_ANKLE, 4, 1.0),
    Part(body.RIGHT_ANKLE, 5, 1.0),
)
SPINE_PARTS = 2
"""The first parts are the spine's."""

LIMBS = (
    # upper joint, lower joint, and the joint both hang on
    (body.LEFT_SHOULDER, body.LEFT_ELBOW, body.CHEST),
    (body.RIGHT_SHOULDER, body.RIGHT_ELBOW, body.CHEST),
    (body.LEFT_HIP, body.LEFT_KNEE, body.PELVIS),
    (body.RIGHT_HIP, body.RIGHT_KNEE, body.PELVIS),
)
FOLLOWERS = {
    # joints without an observation of their own turn with another
    body.LEFT_COLLAR: body.CHEST,
    body.RIGHT_COLLAR: body.CHEST,
    body.LEFT_FOOT: body.LEFT_ANKLE,
    body.RIGHT_FOOT: body.RIGHT_ANKLE,
    body.LEFT_HAND: body.LEFT_WRIST,
    body.RIGHT_HAND: body.RIGHT_WRIST,
}
