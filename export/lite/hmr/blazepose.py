"""BlazePose's 33 landmarks: their order, and where they lie on the stand-in body.

Order as in MediaPipe's pose landmark model; world landmarks are metres from the middle of the hips, x right, y down,
z away from the camera.
"""

import numpy as np

from export.lite.body import skeleton as body
from tracker_service.types import Float32, Float64, Int64

LANDMARKS = 33
LIMBS: tuple[int, ...] = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
"""Shoulders, elbows, wrists, hips, knees, ankles, left before right."""
MIRRORED_LANDMARKS: Int64 = np.array(
    [0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9, *(i + 1 - 2 * (i % 2 == 0) for i in range(11, 33))], dtype=np.int64
)
"""(33,) the landmark on the other side of the body."""

_JOINT_OF_LIMB = (
    body.LEFT_SHOULDER,
    body.RIGHT_SHOULDER,
    body.LEFT_ELBOW,
    body.RIGHT_ELBOW,
    body.LEFT_WRIST,
    body.RIGHT_WRIST,
    body.LEFT_HIP,
    body.RIGHT_HIP,
    body.LEFT_KNEE,
    body.RIGHT_KNEE,
    body.LEFT_ANKLE,
    body.RIGHT_ANKLE,
)
_LEFT_KNUCKLES = ((0.806, 0.415, -0.030), (0.827, 0.435, 0.048), (0.799, 0.425, 0.093))
"""Little finger, index finger, thumb (second joint) on the resting body."""
_PICKED = {0: 0, 5: 1, 2: 2, 8: 3, 7: 4, 31: 5, 29: 7, 32: 8, 30: 10}
"""Landmark to its place among the 21 picked vertices: nose, eyes, ears, big toes, heels."""
_NEAR_PICKED = {4: 1, 6: 1, 1: 2, 3: 2, 9: 0, 10: 0}
"""Landmarks that nothing is computed from, put on a picked vertex nearby: eye corners and mouth."""


def resting_landmarks(joints: Float32, picked: Float32) -> Float64:
    """Return (33, 3) landmarks of the resting body (y up, facing +z) from its 24 joints and 21 picked vertices."""
    landmarks = np.zeros((LANDMARKS, 3))
    for landmark, joint in zip(LIMBS, _JOINT_OF_LIMB, strict=True):
        landmarks[landmark] = joints[joint]
    for landmark, place in (_PICKED | _NEAR_PICKED).items():
        landmarks[landmark] = picked[place]
    for offset, knuckle in zip((17, 19, 21), _LEFT_KNUCKLES, strict=True):
        landmarks[offset] = knuckle
        landmarks[offset + 1] = np.array(knuckle) * (-1, 1, 1)
    return landmarks
