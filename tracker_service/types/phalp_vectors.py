"""The vectors PHALP describes a person with: what stands where in its 229 pose and 99 location numbers.

Upstream builds them in ``get_human_features`` (``phalp/trackers/PHALP.py``) and writes predictions into the same
places in ``forward_for_tracking``; here is the one place that knows the layout.

The pose vector: 24 rotation matrices row by row (``global_orient``, then ``body_pose``), ``betas``, then the camera's
x, y and z / 200. The location vector: (u, v) of the 45 joints in the padded square frame, the model origin last, then
three times the camera; in a prediction the last two are the spreads of u, v and depth, and three constants.
"""

import numpy as np

from tracker_service.types.arrays import Float32
from tracker_service.types.smpl import BETAS_SHAPE, BODY_POSE_SHAPE, GLOBAL_ORIENT_SHAPE, NUMBER_OF_BETAS, Smpl

HMR_FOCAL_LENGTH = 5000.0
"""Focal length that HMR2 was trained with (``EXTRA.FOCAL_LENGTH``), for a picture of `HMR_IMAGE_SIZE` pixels."""
HMR_IMAGE_SIZE = 256
"""Side in pixels of the picture that `HMR_FOCAL_LENGTH` belongs to (``MODEL.IMAGE_SIZE``)."""
FOCAL_OVER_SIZE = HMR_FOCAL_LENGTH / HMR_IMAGE_SIZE
"""Focal length in units of the padded square frame; times its side it is the frame's focal length in pixels."""

NUMBER_OF_HMR_JOINTS = 44
"""Joints that HMR2 reports."""
NUMBER_OF_JOINTS = NUMBER_OF_HMR_JOINTS + 1
"""HMR2's joints and, last, the model origin that PHALP appends."""
TRUNK_JOINTS = (2, 5, 9, 12)
"""Of these: right and left shoulder, right and left hip (`tracker_service.body.joints` names all)."""

_ORIENT_END = int(np.prod(GLOBAL_ORIENT_SHAPE))
_ROTATIONS_END = _ORIENT_END + int(np.prod(BODY_POSE_SHAPE))
_BETAS_END = _ROTATIONS_END + NUMBER_OF_BETAS

POSE_ROTATIONS = slice(0, _ROTATIONS_END)
"""Of a pose vector: the rotation matrices."""
POSE_BETAS = slice(_ROTATIONS_END, _BETAS_END)
"""Of a pose vector: the shape coefficients."""
POSE_BODY = slice(0, _BETAS_END)
"""Of a pose vector: rotations and shape, what the pose term of the cost compares."""
POSE_CAMERA = slice(_BETAS_END, _BETAS_END + 3)
"""Of a pose vector: the camera's x, y and z / 200."""
POSE_SIZE = POSE_CAMERA.stop
"""Length of a pose vector: 229."""
_DEPTH_UNIT = 200.0

LOCATION_JOINTS = slice(0, 2 * NUMBER_OF_JOINTS)
"""Of a location vector: (u, v) of all joints."""
LOCATION_POSITION = slice(2 * NUMBER_OF_HMR_JOINTS, LOCATION_JOINTS.stop)
"""Of a location vector: (u, v) of the model origin, the position that is tracked."""
LOCATION_CAMERA = slice(LOCATION_JOINTS.stop, LOCATION_JOINTS.stop + 3)
"""Of a location vector: the camera translation; the last entry is the depth."""
LOCATION_DEPTH = LOCATION_CAMERA.stop - 1
"""Of a location vector: the depth."""
LOCATION_SPREAD = slice(LOCATION_CAMERA.stop, LOCATION_CAMERA.stop + 3)
"""Of a predicted location vector: the spreads of u, v and depth; of a detected one the camera once more."""
LOCATION_SAMPLE = slice(LOCATION_POSITION.start, LOCATION_SPREAD.stop)
"""Of a location vector: the eight entries that association compares: position, camera, spreads."""
LOCATION_SERIES = np.array([LOCATION_POSITION.start, LOCATION_POSITION.start + 1, LOCATION_DEPTH])
"""Of a location vector: u, v and depth of the model origin, whose history the location is predicted from."""
LOCATION_SIZE = LOCATION_SPREAD.stop + 3
"""Length of a location vector: 99."""


def pose_vectors(smpl: Smpl, cameras: Float32) -> Float32:
    """Return the (n, 229) pose vectors of n bodies with (n, 3) full-frame cameras."""
    n = len(smpl)
    orient, body = smpl.global_orient.reshape(n, _ORIENT_END), smpl.body_pose.reshape(n, _ROTATIONS_END - _ORIENT_END)
    return np.concatenate([orient, body, smpl.betas, pose_cameras(cameras)], axis=1)


def pose_cameras(cameras: Float32) -> Float32:
    """Return (n, 3) full-frame cameras as a pose vector holds them: x, y and z / 200."""
    return np.concatenate([cameras[:, :2], cameras[:, 2:] / np.float32(_DEPTH_UNIT)], axis=1)


def smpl_of(pose: Float32) -> Smpl:
    """Return the n bodies of (n, 229) pose vectors."""
    return Smpl(
        pose[:, :_ORIENT_END].reshape(-1, *GLOBAL_ORIENT_SHAPE),
        pose[:, _ORIENT_END:_ROTATIONS_END].reshape(-1, *BODY_POSE_SHAPE),
        pose[:, POSE_BETAS].reshape(-1, *BETAS_SHAPE),
    )


def body_of(pose: Float32) -> tuple[Float32, Float32, Float32]:
    """Return global_orient (1, 3, 3), body_pose (23, 3, 3) and betas (10,) of one pose vector (229,)."""
    orient, body = pose[:_ORIENT_END], pose[_ORIENT_END:_ROTATIONS_END]
    return orient.reshape(GLOBAL_ORIENT_SHAPE), body.reshape(BODY_POSE_SHAPE), pose[POSE_BETAS]


def location_vectors(joints_uv: Float32, cameras: Float32) -> Float32:
    """Return the (n, 99) location vectors of detected people.

    Args:
        joints_uv: (n, 45, 2) joints, from 0 to 1 over the frame padded to a square, centred.
        cameras: (n, 3) full-frame cameras.
    """
    flat = joints_uv.reshape(len(joints_uv), LOCATION_JOINTS.stop)
    return np.concatenate([flat, cameras, cameras, cameras], axis=1)
