"""Cameras: from crops to the frame and back, and projection.

Both cameras point along z with the principal point in the middle of their image. The crop's has a focal length of
5000 px for 256 px and the translation (tx, ty, 2 * 5000 / (256 s)); the frame's has 5000/256 times the longer side of
the frame. 4D-Humans, ``cam_crop_to_full`` in ``hmr2/utils/renderer.py``; PHALP's `camera` is the same number.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tracker_service.body.joints import JOINT_INDEX
from tracker_service.people.estimates import BodyEstimates
from tracker_service.types import Float32, Float64, Smpl, Squares
from tracker_service.types.phalp_vectors import FOCAL_OVER_SIZE, HMR_FOCAL_LENGTH, HMR_IMAGE_SIZE

_PELVIS = JOINT_INDEX["mid_hip"]
_TINY = 1e-9


def focal_length(frame_size: tuple[int, int]) -> float:
    """Return the focal length in pixels of a frame of (width, height)."""
    return FOCAL_OVER_SIZE * max(frame_size)


def frame_cameras(crop_cameras: NDArray[np.floating], squares: Squares, frame_size: tuple[int, int]) -> Float32:
    """Return the translations in the full frame.

    Args:
        crop_cameras: (n, 3) weak-perspective (s, tx, ty) of upright crops.
        squares: what the crops show.
        frame_size: (width, height) of the frame, pixels.

    Returns:
        (n, 3) float32, x y z; only z relative to the focal length has a meaning.
    """
    scale, shift = _split(crop_cameras)
    spread = squares.sides * scale + _TINY
    depth = 2 * focal_length(frame_size) / spread
    moved = shift + 2 * _from_middle(squares, frame_size) / spread[:, None]
    return np.column_stack([moved, depth]).astype(np.float32)


def crop_cameras(cameras: NDArray[np.floating], squares: Squares, frame_size: tuple[int, int]) -> Float32:
    """Return the (n, 3) weak-perspective (s, tx, ty) of upright ``squares``; undoes `frame_cameras`."""
    cameras = np.asarray(cameras, np.float64)
    spread = 2 * focal_length(frame_size) / cameras[:, 2]
    shift = cameras[:, :2] - 2 * _from_middle(squares, frame_size) / spread[:, None]
    return np.column_stack([(spread - _TINY) / squares.sides, shift]).astype(np.float32)


def project_to_frame(
    points: NDArray[np.floating], cameras: NDArray[np.floating], frame_size: tuple[int, int]
) -> Float32:
    """Project (n, j, 3) model points with the (n, 3) frame cameras to (n, j, 2) source pixels."""
    placed = np.asarray(points, np.float64) + np.asarray(cameras, np.float64)[:, None]
    middle = np.array(frame_size) / 2
    return (focal_length(frame_size) * placed[..., :2] / placed[..., 2:] + middle).astype(np.float32)


def project_to_crop(points: NDArray[np.floating], cameras: NDArray[np.floating], size: int = HMR_IMAGE_SIZE) -> Float32:
    """Project (n, j, 3) model points with the (n, 3) crop cameras to (n, j, 2) pixels of crops of ``size``."""
    scale, shift = _split(cameras)
    depth = 2 * HMR_FOCAL_LENGTH / (HMR_IMAGE_SIZE * scale + _TINY)
    placed = np.asarray(points, np.float64) + np.column_stack([shift, depth])[:, None]
    unit = FOCAL_OVER_SIZE * placed[..., :2] / placed[..., 2:]
    return ((unit + 0.5) * size).astype(np.float32)


def upright(estimates: BodyEstimates, squares: Squares) -> tuple[BodyEstimates, Squares]:
    """Bring what was estimated in turned crops to the upright squares of the same centre and side.

    A crop that is turned by the angle a shows the point x of its upright twin at R(a)^-1 x. So every model point and
    the camera's translation turn by Rz(a) about the optical axis. SMPL's global rotation turns the body about its
    pelvis, not about the model origin, and the pelvis stays where the shape puts it; what Rz(a) would move it goes
    into the camera.

    Args:
        estimates: of the crops of ``squares``.
        squares: n regions with any angle.

    Returns:
        The estimates in upright axes, and the squares with angle zero. The 2D joints in the frame stay where they are.
    """
    if not squares.angles.any():
        return estimates, squares
    turn = _rotations_about_z(squares.angles)
    pelvis = estimates.joints_3d[:, _PELVIS].astype(np.float64)
    turned_pelvis = (turn @ pelvis[..., None])[..., 0]
    shift = np.column_stack([estimates.crop_cameras[:, 1:], np.zeros(len(squares))])
    shift = (turn @ shift[..., None])[..., 0] + turned_pelvis - pelvis
    joints = (estimates.joints_3d - pelvis[:, None]) @ turn.swapaxes(1, 2) + pelvis[:, None]
    smpl = Smpl(
        (turn[:, None] @ estimates.smpl.global_orient).astype(np.float32),
        estimates.smpl.body_pose,
        estimates.smpl.betas,
    )
    cameras = np.column_stack([estimates.crop_cameras[:, :1], shift[:, :2]])
    turned = BodyEstimates(smpl, cameras.astype(np.float32), joints.astype(np.float32), estimates.presence)
    return turned, replace(squares, angles=np.zeros_like(squares.angles))


def _rotations_about_z(angles: Float32) -> Float64:
    cos, sin = np.cos(angles.astype(np.float64)), np.sin(angles.astype(np.float64))
    rotations = np.zeros((len(angles), 3, 3))
    rotations[:, 0, 0] = rotations[:, 1, 1] = cos
    rotations[:, 0, 1], rotations[:, 1, 0] = -sin, sin
    rotations[:, 2, 2] = 1
    return rotations


def _split(crop_cameras: NDArray[np.floating]) -> tuple[Float64, Float64]:
    values = np.asarray(crop_cameras, np.float64)
    return values[:, 0], values[:, 1:]


def _from_middle(squares: Squares, frame_size: tuple[int, int]) -> Float64:
    return squares.centers.astype(np.float64) - np.array(frame_size) / 2
