"""Bodies of models that know the picture's camera, brought to the axes of their crops as all others are.

Such a model (CameraHMR) estimates a body in the axes of the picture's camera. The tracker, the overlay and the results
take bodies as HMR2 sees them: in the axes of a camera that looks straight at the person. The two differ by the shortest
rotation between the optical axis and the ray to the pelvis, so that nothing is lost: `TrackedPerson` and a
`Calibration` give the body in the camera's axes back (`tracker_service.body.camera_space`).
"""

from dataclasses import replace

import numpy as np

from tracker_service.body.joints import JOINT_INDEX
from tracker_service.people.cameras import crop_cameras
from tracker_service.people.estimates import BodyEstimates
from tracker_service.types import Float32, Float64, Smpl, Squares
from tracker_service.types.calibration import Calibration, aimed

_PELVIS = JOINT_INDEX["mid_hip"]
_TINY = 1e-9


def crop_places(squares: Squares, calibration: Calibration) -> Float32:
    """Return what such a model is told of (n,) upright squares, (n, 3): see `Calibration.crop_places`."""
    return calibration.crop_places(squares.centers, squares.sides)


def in_crop_axes(estimates: BodyEstimates, squares: Squares, calibration: Calibration) -> BodyEstimates:
    """Return the same bodies in the axes of their crops, each seen in the same place and as large.

    Args:
        estimates: in the axes of the picture's camera, with that model's own (s, tx, ty).
        squares: the n upright squares that the model saw.
        calibration: the picture's camera.
    """
    if not len(estimates):
        return estimates
    pelvis = estimates.joints_3d[:, _PELVIS].astype(np.float64)
    roots = pelvis + full_translations(estimates.crop_cameras, crop_places(squares, calibration))
    turn = aimed(np.column_stack([roots[:, :2], np.maximum(roots[:, 2], _TINY)]))
    cameras = calibration.phalp_cameras(pelvis, roots)
    smpl, size = estimates.smpl, (calibration.width, calibration.height)

    def turned(points: Float32) -> Float32:
        around = points - pelvis[:, None]
        return (around @ turn + pelvis[:, None]).astype(np.float32)

    orient = (turn.swapaxes(1, 2)[:, None] @ smpl.global_orient).astype(np.float32)
    return replace(
        estimates,
        smpl=Smpl(orient, smpl.body_pose, smpl.betas),
        crop_cameras=crop_cameras(cameras, squares, size),
        joints_3d=turned(estimates.joints_3d),
        vertices=None if estimates.vertices is None else turned(estimates.vertices),
    )


def full_translations(cameras: Float32, places: Float32) -> Float64:
    """Return the (n, 3) translations of the model origin before the picture's camera, metres.

    CameraHMR, ``mesh_estimator.py``; the served model's ``cam_t`` is the same.

    Args:
        cameras: (n, 3) weak perspective (s, tx, ty) of the crops.
        places: (n, 3) of the crops.
    """
    scale, shift = cameras[:, 0].astype(np.float64), cameras[:, 1:].astype(np.float64)
    spread = scale * places[:, 2].astype(np.float64) + _TINY
    moved = shift + 2 * places[:, :2].astype(np.float64) / spread[:, None]
    return np.column_stack([moved, 2 / spread])
