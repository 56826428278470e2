"""SMPL's 24 joints by number, what hangs on what, and how the first 25 output joints are picked (hmr2 conventions)."""

import numpy as np

from tracker_service.types import Int64

PARENTS: Int64 = np.array(
    [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21], dtype=np.int64
)
"""(24,) parent of each joint in SMPL's order, -1 for the root."""

PELVIS = 0
LEFT_HIP, RIGHT_HIP = 1, 2
LEFT_KNEE, RIGHT_KNEE = 4, 5
LEFT_ANKLE, RIGHT_ANKLE = 7, 8
CHEST = 9
LEFT_FOOT, RIGHT_FOOT = 10, 11
NECK, HEAD = 12, 15
LEFT_COLLAR, RIGHT_COLLAR = 13, 14
LEFT_SHOULDER, RIGHT_SHOULDER = 16, 17
LEFT_ELBOW, RIGHT_ELBOW = 18, 19
LEFT_WRIST, RIGHT_WRIST = 20, 21
LEFT_HAND, RIGHT_HAND = 22, 23

JOINT_MAP: Int64 = np.array(
    [24, 12, 17, 19, 21, 16, 18, 20, 0, 2, 5, 8, 1, 4, 7, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34], dtype=np.int64
)
"""(25,) OpenPose BODY_25 order as indices into the 24 joints followed by the 21 picked vertices."""
