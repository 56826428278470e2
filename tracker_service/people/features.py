"""People as PHALP's tracker wants them: pose and location vectors, cameras, joints in the frame.

PHALP, ``get_human_features`` in ``phalp/trackers/PHALP.py`` and ``get_3d_parameters`` in ``phalp/models/hmar/hmar.py``.
"""

import numpy as np

from tracker_service.people.cameras import frame_cameras, project_to_frame, upright
from tracker_service.people.estimates import BodyEstimates
from tracker_service.types import Bool, Detections, Float32, Int64, People, Smpl, Squares

_DEPTH_UNIT = 200.0
"""PHALP's pose vector carries the camera's depth divided by this."""


def build_people(
    detections: Detections,
    squares: Squares,
    hmr: BodyEstimates,
    frame_size: tuple[int, int],
    appearance: Float32,
    identities: Int64 | None = None,
    annotated: Bool | None = None,
    uv_maps: Float32 | None = None,
) -> People:
    """Place the estimated bodies in the frame and describe them for the tracker.

    Args:
        detections: the n boxes of one frame.
        squares: what was cropped; results of turned crops are turned back.
        hmr: the estimates of these crops.
        frame_size: (width, height) of the frame, pixels.
        appearance: (n, k) appearance embeddings.
        identities: (n,) given ids, None where unknown (-1 each).
        annotated: (n,) True confirms the track at once, None for nobody.
        uv_maps: (n, 4, 256, 256) texture maps (texture mode).

    Raises:
        ContractError: the parts do not have the same number of rows.
    """
    hmr, squares = upright(hmr, squares)
    n = len(detections)
    cameras = frame_cameras(hmr.crop_cameras, squares, frame_size)
    joints_3d = np.concatenate([hmr.joints_3d, np.zeros((len(hmr), 1, 3), np.float32)], axis=1)
    joints_2d = project_to_frame(joints_3d, cameras, frame_size)
    return People(
        detections=detections,
        squares=squares,
        smpl=hmr.smpl,
        crop_cameras=hmr.crop_cameras,
        cameras=cameras,
        joints_3d=joints_3d,
        joints_2d=joints_2d,
        pose=pose_vectors(hmr.smpl, cameras),
        location=location_vectors(joints_2d, cameras, frame_size),
        appearance=appearance,
        presence=hmr.presence,
        identities=np.full(n, -1, np.int64) if identities is None else identities,
        annotated=np.zeros(n, np.bool_) if annotated is None else annotated,
        uv_maps=uv_maps,
    )


def pose_vectors(smpl: Smpl, cameras: Float32) -> Float32:
    """Return PHALP's (n, 229) pose vectors: rotations row by row, betas, camera x, y and z/200."""
    n = len(smpl)
    parts = [smpl.global_orient.reshape(n, 9), smpl.body_pose.reshape(n, 207), smpl.betas]
    return np.concatenate([*parts, cameras[:, :2], cameras[:, 2:] / np.float32(_DEPTH_UNIT)], axis=1)


def location_vectors(joints_2d: Float32, cameras: Float32, frame_size: tuple[int, int]) -> Float32:
    """Return PHALP's (n, 99) location vectors: 45 (u, v), then three times the camera.

    Args:
        joints_2d: (n, 45, 2) source pixels.
        cameras: (n, 3) frame cameras.
        frame_size: (width, height); u and v run from 0 to 1 over the frame padded to a square, centred.
    """
    longer = max(frame_size)
    border = (longer - np.array(frame_size)) / 2
    uv = ((joints_2d.astype(np.float64) + border) / longer).astype(np.float32)
    return np.concatenate([uv.reshape(len(uv), uv.shape[1] * 2), cameras, cameras, cameras], axis=1)
