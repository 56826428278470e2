"""SMPL's parameters and how many there are (Loper et al. 2015, "SMPL: A Skinned Multi-Person Linear Model").

Here is the one place that knows SMPL's shape; `tracker_service.body` poses the body and names its joints.
"""

from dataclasses import dataclass

import numpy as np

from tracker_service.types.arrays import Float32, Int64, Rows, assign, checked

NUMBER_OF_BODY_JOINTS = 23
"""Joints of SMPL that turn relative to a parent."""
NUMBER_OF_ROTATIONS = 1 + NUMBER_OF_BODY_JOINTS
"""Rotations of a body: the pelvis first, then the body joints."""
NUMBER_OF_BETAS = 10
"""Shape coefficients."""
NUMBER_OF_VERTICES = 6890
"""Of SMPL's surface, and of the body of the lite models; any other number would do."""

MIRRORED_JOINTS: Int64 = np.array(
    [0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20, 23, 22], np.int64
)
"""(24,) the joint on the other side of the body, of the pelvis and the 23 body joints; those in the middle are their
own."""

GLOBAL_ORIENT_SHAPE = (1, 3, 3)
"""One body's ``global_orient``."""
BODY_POSE_SHAPE = (NUMBER_OF_BODY_JOINTS, 3, 3)
"""One body's ``body_pose``."""
BETAS_SHAPE = (NUMBER_OF_BETAS,)
"""One body's ``betas``."""


@dataclass(frozen=True, slots=True)
class Smpl(Rows):
    """SMPL parameters of n bodies, as rotation matrices.

    Attributes:
        global_orient: (n, 1, 3, 3) float32, rotation of the pelvis.
        body_pose: (n, 23, 3, 3) float32, rotations of joints 1 to 23 relative to their parents.
        betas: (n, 10) float32, shape coefficients.
    """

    global_orient: Float32
    body_pose: Float32
    betas: Float32

    def __post_init__(self) -> None:
        orient = checked("Smpl.global_orient", self.global_orient, np.float32, (None, *GLOBAL_ORIENT_SHAPE))
        n = len(orient)
        assign(self, "global_orient", orient)
        assign(self, "body_pose", checked("Smpl.body_pose", self.body_pose, np.float32, (n, *BODY_POSE_SHAPE)))
        assign(self, "betas", checked("Smpl.betas", self.betas, np.float32, (n, *BETAS_SHAPE)))

    def __len__(self) -> int:
        return len(self.betas)
