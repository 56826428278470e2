"""The turn of a camera from what it sees of the background."""

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tests.camera.test_follower import LANDSCAPE, NOBODY, SIZE
from tracker_service.camera.background import background_of
from tracker_service.camera.follower import CameraFollower
from tracker_service.camera.world.turning import turn_of
from tracker_service.types import CameraMotion, Float64, UInt8

FOCAL = 600.0
INTRINSIC = np.array([[FOCAL, 0, SIZE[0] / 2], [0, FOCAL, SIZE[1] / 2], [0, 0, 1]])
MIDDLE_OF_LANDSCAPE = np.array([[1, 0, 320], [0, 1, 180], [0, 0, 1]], np.float64)


def seen(turn: Float64, horizon: int) -> UInt8:
    """The far landscape as a turned camera sees it; above the horizon there is nothing."""
    picture = LANDSCAPE.copy()
    picture[:horizon] = 200
    onto_frame = INTRINSIC @ turn @ np.linalg.inv(INTRINSIC) @ np.linalg.inv(MIDDLE_OF_LANDSCAPE)
    return np.asarray(cv2.warpPerspective(picture, onto_frame, SIZE, flags=cv2.INTER_LINEAR), np.uint8)


@pytest.mark.parametrize("horizon", [0, 420], ids=["everywhere", "below the middle of the picture only"])
def test_a_turn_adds_up_over_frames_wherever_the_background_is(horizon: int) -> None:
    follower, total = CameraFollower(), np.eye(3)
    turns = [Rotation.from_euler("yxz", step * np.array([0.8, 0.25, 0.3]), degrees=True) for step in range(12)]
    for turn in turns:
        motion = follower.follow(background_of(seen(turn.as_matrix(), horizon), NOBODY))
        if motion.known:
            total = turn_of(motion, SIZE, FOCAL) @ total
    wrong = Rotation.from_matrix(total) * turns[-1].inv()
    assert turns[-1].magnitude() > np.radians(9)
    assert wrong.magnitude() < np.radians(0.4)


def test_motions_without_moments_are_taken_as_the_middle_of_the_picture_shows_them() -> None:
    turn = Rotation.from_euler("yxz", [2.0, -1.0, 3.0], degrees=True).as_matrix()
    exact = INTRINSIC @ turn @ np.linalg.inv(INTRINSIC)
    np.testing.assert_allclose(turn_of(CameraMotion(exact / exact[2, 2]), SIZE, FOCAL), turn, atol=2e-3)
