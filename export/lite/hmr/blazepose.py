"""BlazePose's 33 landmarks: their order, and where they lie on the stand-in body.

Order as in MediaPipe's pose landmark model; world landmarks are metres from the middle of the hips, x right, y down,
z away from the camera.
"""

import numpy as np

from export.body import skeleton as body
from tracker_service.types import Float32, Float64, Int64
from tracker_service.types.smpl import MIRRORED_JOINTS

LANDMARKS = 33
LIMBS: tuple[int, ...] = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
"""Shoulders, elbows, wrists, hips, knees, ankles, left before right."""
FITTED: tuple[int, ...] = (*LIMBS, 0, 7, 8)
"""What the camera is fitted to: the limbs, nose and ears."""
MIRRORED_LANDMARKS: Int64 = np.array(
    [0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9, *(i + 1 - 2 * (i % 2 == 0) for i in range(11, 33))], dtype=np.int64
)
"""(33,) the landmark on the other side of the body."""

_Place = tuple[float, float, float]
_LEFT_LANDMARKS: dict[int, tuple[int, int, _Place]] = {
    # landmark: the joint it moves with, the joint it is measured from, and where it lies from there (left side, metres)
    11: (body.CHEST, body.LEFT_SHOULDER, (0.0, 0.024, -0.015)),
    13: (body.LEFT_SHOULDER, body.LEFT_ELBOW, (0.0, 0.0, 0.0)),
    15: (body.LEFT_ELBOW, body.LEFT_WRIST, (0.0, 0.0, 0.0)),
    17: (body.LEFT_WRIST, body.LEFT_HAND, (-0.022, -0.028, -0.038)),
    19: (body.LEFT_WRIST, body.LEFT_HAND, (-0.001, -0.008, 0.040)),
    21: (body.LEFT_WRIST, body.LEFT_HAND, (-0.029, -0.018, 0.085)),
    23: (body.PELVIS, body.LEFT_HIP, (-0.005, -0.052, 0.010)),
    25: (body.LEFT_HIP, body.LEFT_KNEE, (0.0, 0.0, 0.0)),
    27: (body.LEFT_KNEE, body.LEFT_ANKLE, (0.0, 0.020, 0.0)),
    29: (body.LEFT_ANKLE, body.LEFT_ANKLE, (-0.005, -0.042, -0.040)),
    31: (body.LEFT_ANKLE, body.LEFT_ANKLE, (-0.025, -0.062, 0.150)),
}
"""Where BlazePose's landmarks lie relative to the joints of the stand-in body, as far as footage shows it.

Its hips lie lower than the hip joints and its shoulders higher than the shoulder joints, its ankles carry the height of
a shoe's heel and its "foot index" is the base of the toes, not their tip (docs/lite_models.md: how it was measured).
"""
_FACE = {0: 0, 4: 1, 5: 1, 6: 1, 1: 2, 2: 2, 3: 2, 8: 3, 7: 4, 9: 0, 10: 0}
"""Landmark of the face to its place among the 21 picked vertices; mouth and eye corners, unused, to a neighbour."""


def attachments() -> Int64:
    """Return (33,) the joint that each landmark moves with."""
    joints = np.full(LANDMARKS, body.HEAD, np.int64)
    for landmark, (joint, _, _) in _LEFT_LANDMARKS.items():
        joints[landmark] = joint
        joints[landmark + 1] = MIRRORED_JOINTS[joint]
    return joints


def resting_landmarks(joints: Float32, picked: Float32) -> Float64:
    """Return (33, 3) landmarks of the resting body (y up, facing +z) from its 24 joints and 21 picked vertices."""
    landmarks = np.zeros((LANDMARKS, 3))
    for landmark, (_, origin, place) in _LEFT_LANDMARKS.items():
        landmarks[landmark] = joints[origin] + place
        landmarks[landmark + 1] = joints[MIRRORED_JOINTS[origin]] + np.array(place) * (-1, 1, 1)
    for landmark, place_among_picked in _FACE.items():
        landmarks[landmark] = picked[place_among_picked]
    return landmarks
