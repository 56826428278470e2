"""Names and topology of the joints: SMPL's own 24 and the 45 that HMR2 and PHALP report."""

from types import MappingProxyType

SMPL_JOINT_NAMES = (
    "pelvis",
    "left_hip",
    "right_hip",
    "spine1",
    "left_knee",
    "right_knee",
    "spine2",
    "left_ankle",
    "right_ankle",
    "spine3",
    "left_foot",
    "right_foot",
    "neck",
    "left_collar",
    "right_collar",
    "head",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hand",
    "right_hand",
)
"""SMPL's kinematic joints, in the order of `Smpl.global_orient` (the first) and `Smpl.body_pose` (the rest)."""

BODY_25_NAMES = (
    "nose",
    "neck",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "mid_hip",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_hip",
    "left_knee",
    "left_ankle",
    "right_eye",
    "left_eye",
    "right_ear",
    "left_ear",
    "left_big_toe",
    "left_small_toe",
    "left_heel",
    "right_big_toe",
    "right_small_toe",
    "right_heel",
)
"""OpenPose's BODY_25, the first 25 joints."""
BODY_25_SIZE = len(BODY_25_NAMES)
"""How many of them there are; the joints that follow say again, or nearly, what these say."""

EXTRA_JOINT_NAMES = (
    "right_ankle_lsp",
    "right_knee_lsp",
    "right_hip_lsp",
    "left_hip_lsp",
    "left_knee_lsp",
    "left_ankle_lsp",
    "right_wrist_lsp",
    "right_elbow_lsp",
    "right_shoulder_lsp",
    "left_shoulder_lsp",
    "left_elbow_lsp",
    "left_wrist_lsp",
    "neck_lsp",
    "head_top_lsp",
    "pelvis_mpii",
    "thorax_mpii",
    "spine_h36m",
    "jaw_h36m",
    "head_h36m",
)
"""The 19 joints regressed from the posed surface, in the definitions of LSP, MPII and Human3.6M (SPIN's first 19)."""

JOINT_NAMES = (*BODY_25_NAMES, *EXTRA_JOINT_NAMES, "origin")
"""The 45 joints of `People.joints_3d`: HMR2's 44 and the model origin that PHALP appends."""

JOINT_INDEX = MappingProxyType({name: index for index, name in enumerate(JOINT_NAMES)})
"""Position of every name in `JOINT_NAMES`."""

BODY_25_EDGES = (
    (0, 1),
    (1, 2),
    (2, 3),
    (3, 4),
    (1, 5),
    (5, 6),
    (6, 7),
    (1, 8),
    (8, 9),
    (9, 10),
    (10, 11),
    (8, 12),
    (12, 13),
    (13, 14),
    (0, 15),
    (15, 17),
    (0, 16),
    (16, 18),
    (14, 19),
    (19, 20),
    (14, 21),
    (11, 22),
    (22, 23),
    (11, 24),
)
"""Bones of the BODY_25 skeleton as pairs of joint indices, for drawing."""
