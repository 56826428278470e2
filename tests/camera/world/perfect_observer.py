"""The people of a rendered clip as a perfect observer would report them."""

from collections.abc import Iterator

import numpy as np

from samples.truth import ClipTruth
from tests.results.frames import tracked_person
from tracker_service.camera.world.turning import aiming
from tracker_service.types import CameraMotion, Float64, FrameResult, TrackedPerson
from tracker_service.types.phalp_vectors import FOCAL_OVER_SIZE

_MID_HIP = 8


def perfect_frames(truth: ClipTruth) -> Iterator[FrameResult]:
    """Yield every frame with everybody of whom something is seen, and the exact motion of the camera."""
    intrinsic = np.array([[truth.focal, 0, truth.width / 2], [0, truth.focal, truth.height / 2], [0, 0, 1]])
    for number, joints in enumerate(truth.joints_3d.astype(np.float64)):
        motion = CameraMotion(np.eye(3), confidence=0.0)
        if number:
            turn = truth.rotations[number] @ truth.rotations[number - 1].T
            matrix = intrinsic @ turn @ np.linalg.inv(intrinsic)
            still = np.allclose(turn, np.eye(3), atol=1e-9)
            motion = CameraMotion.none() if still else CameraMotion(matrix / matrix[2, 2])
        persons = tuple(
            _person(int(identity), number, joints[row], truth)
            for row, identity in enumerate(truth.ids)
            if truth.visibility[number, row] > 0.3
        )
        size = (truth.width, truth.height)
        yield FrameResult(number, number / truth.fps, *size, persons, camera_motion=motion)


def _person(identity: int, number: int, joints: Float64, truth: ClipTruth) -> TrackedPerson:
    """Return a person as the body model describes it: turned as its crop shows it, for PHALP's focal length."""
    root = joints[_MID_HIP]
    local = (joints - root) @ aiming(root)
    longer = FOCAL_OVER_SIZE * max(truth.width, truth.height) / truth.focal
    camera = np.array([root[0], root[1], root[2] * longer])
    return tracked_person(
        identity,
        number,
        joints_3d=np.concatenate([local, np.zeros((1, 3))]).astype(np.float32),
        camera=camera.astype(np.float32),
    )
