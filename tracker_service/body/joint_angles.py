"""Joint angles in degrees, as coaches and physiotherapists read them.

Most are the angle between the two limbs that meet in a joint, 180 when they are in one line:

| name | between |
|---|---|
| left_knee, right_knee | hip, **knee**, ankle |
| left_hip, right_hip | shoulder, **hip**, knee |
| left_ankle, right_ankle | knee, **ankle**, big toe |
| left_elbow, right_elbow | shoulder, **elbow**, wrist |
| left_shoulder, right_shoulder | elbow, **shoulder**, hip (the arm hanging down is near 0) |
| neck | mid hip, **neck**, top of the head |

Two are not: left_wrist and right_wrist are 180 minus the rotation of the SMPL joint, since no joint beyond the wrist is
reported; trunk is the angle between the line from mid hip to neck and the camera's upward axis, 0 when upright in an
untilted camera.

`spine_angle` needs SMPL's own joints: pelvis, **spine2**, neck.
"""

import numpy as np

from tracker_service.body.joints import JOINT_INDEX, SMPL_JOINT_NAMES
from tracker_service.types import Float32, Float64

_THREE_POINTS = {
    **{
        f"{side}_{joint}": (f"{side}_{first}", f"{side}_{joint}", f"{side}_{last}")
        for joint, first, last in (
            ("knee", "hip", "ankle"),
            ("hip", "shoulder", "knee"),
            ("ankle", "knee", "big_toe"),
            ("elbow", "shoulder", "wrist"),
            ("shoulder", "elbow", "hip"),
        )
        for side in ("left", "right")
    },
    "neck": ("mid_hip", "neck", "head_top_lsp"),
}
_TRIPLES = np.array([[JOINT_INDEX[name] for name in names] for names in _THREE_POINTS.values()])
_WRISTS = np.array([SMPL_JOINT_NAMES.index(name) - 1 for name in ("left_wrist", "right_wrist")])
_SPINE = [SMPL_JOINT_NAMES.index(name) for name in ("pelvis", "spine2", "neck")]
_UP = np.array([0.0, -1.0, 0.0])
_TINY = 1e-12

JOINT_ANGLE_NAMES = (*_THREE_POINTS, "left_wrist", "right_wrist", "trunk")
"""Names of all angles, in the order of `joint_angles`."""


def joint_angles(joints_3d: Float32, body_pose: Float32) -> dict[str, float]:
    """Return all angles of one body, 0 to 180 degrees.

    Args:
        joints_3d: (45, 3) joints in the order of `JOINT_NAMES`, metres, model space.
        body_pose: (23, 3, 3) rotations of SMPL's joints relative to their parents.
    """
    values = joint_angle_rows(joints_3d[None], body_pose[None])[0]
    return dict(zip(JOINT_ANGLE_NAMES, values.tolist(), strict=True))


def joint_angle_rows(joints_3d: Float32, body_pose: Float32) -> Float64:
    """Return the angles of n bodies, (n, angles) in the order of `JOINT_ANGLE_NAMES`.

    Args:
        joints_3d: (n, 45, 3), as in `joint_angles`.
        body_pose: (n, 23, 3, 3).
    """
    joints = joints_3d.astype(np.float64)
    first, middle, last = np.moveaxis(joints[:, _TRIPLES], 2, 0)
    bends = _between(first - middle, last - middle)
    trunk = _between(joints[:, JOINT_INDEX["neck"]] - joints[:, JOINT_INDEX["mid_hip"]], _UP)
    # The angle of a rotation matrix R: trace R = 1 + 2 cos.
    cosine = (np.trace(body_pose[:, _WRISTS].astype(np.float64), axis1=2, axis2=3) - 1) / 2
    wrists = 180 - np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return np.concatenate([bends, wrists, trunk[:, None]], axis=1)


def spine_angle(smpl_joints: Float32) -> float:
    """Return how far the back is stretched, 180 degrees for a straight one.

    Args:
        smpl_joints: (24, 3) joints in the order of `SMPL_JOINT_NAMES`, metres, model space.
    """
    return float(spine_angles(smpl_joints[None])[0])


def spine_angles(smpl_joints: Float32) -> Float64:
    """Return `spine_angle` of n bodies, (n,), of (n, 24, 3) joints."""
    pelvis, spine, neck = np.moveaxis(smpl_joints[:, _SPINE].astype(np.float64), 1, 0)
    return _between(pelvis - spine, neck - spine)


def _between(a: Float64, b: Float64) -> Float64:
    """Return the angle of all pairs of rows, degrees; a limb of no length stands at a right angle to everything."""
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    cosine = (a * b).sum(axis=-1) / np.maximum(lengths, _TINY)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
