"""People as PHALP's tracker takes them: pose and location vectors, cameras, joints in the frame.

PHALP, ``get_human_features`` in ``phalp/trackers/PHALP.py`` and ``get_3d_parameters`` in ``phalp/models/hmar/hmar.py``.
"""

import numpy as np

from tracker_service.people.cameras import frame_cameras, project_to_frame, upright
from tracker_service.people.estimates import BodyEstimates
from tracker_service.types import Detections, Float32, People, Squares
from tracker_service.types.phalp_vectors import location_vectors, pose_vectors


def build_people(
    detections: Detections,
    squares: Squares,
    hmr: BodyEstimates,
    frame_size: tuple[int, int],
    appearance: Float32,
    uv_maps: Float32 | None = None,
    detail: Float32 | None = None,
) -> People:
    """Place the estimated bodies in the frame and describe them for the tracker.

    Args:
        detections: the n boxes of one frame, with identities where those were given.
        squares: what was cropped; results of turned crops are turned back.
        hmr: the estimates of these crops.
        frame_size: (width, height) of the frame, pixels.
        appearance: (n, k) appearance embeddings.
        uv_maps: (n, 4, 256, 256) texture maps (texture mode).
        detail: (n, 2) sharpness and contrast of the crops, see `People.detail`.

    Raises:
        ContractError: the parts do not have the same number of rows.
    """
    roll = squares.angles
    hmr, squares = upright(hmr, squares)
    n = len(detections)
    identities, annotated = detections.identities, detections.annotated
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
        location=location_vectors(padded_coordinates(joints_2d, frame_size), cameras),
        appearance=appearance,
        presence=hmr.presence,
        identities=np.full(n, -1, np.int64) if identities is None else identities,
        annotated=np.zeros(n, np.bool_) if annotated is None else annotated,
        uv_maps=uv_maps,
        roll=roll,
        detail=detail,
    )


def padded_coordinates(joints_2d: Float32, frame_size: tuple[int, int]) -> Float32:
    """Return (n, 45, 2) source pixels as (u, v), from 0 to 1 over the frame padded to a square, centred.

    Args:
        joints_2d: (n, 45, 2) source pixels.
        frame_size: (width, height) of the frame, pixels.
    """
    longer = max(frame_size)
    border = (longer - np.array(frame_size)) / 2
    return ((joints_2d.astype(np.float64) + border) / longer).astype(np.float32)
