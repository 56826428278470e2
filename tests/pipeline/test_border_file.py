from pathlib import Path

import numpy as np
import pytest

from tests.results.frames import frame_result
from tracker_service.camera.background import background_of
from tracker_service.camera.follower import CameraFollower
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.pipeline.border_file import load_border, save_border
from tracker_service.pipeline.tracking import Border
from tracker_service.types import CameraMotion
from tracker_service.types.calibration import Calibration, FocalSource


def test_the_camera_s_motion_and_the_follower_s_state_survive_a_file(tmp_path: Path) -> None:
    camera, random = CameraFollower(), np.random.default_rng(0)
    camera.follow(background_of(random.integers(0, 255, (90, 160, 3), np.uint8), np.zeros((0, 4), np.float32)))
    motion = CameraMotion(np.array([[1, 0.1, 3.25], [-0.1, 1, -7], [0, 0, 1]]), 0.75, np.arange(9.0).reshape(3, 3))
    calibration = Calibration(1234.5, FocalSource.ESTIMATED, 1920, 1080)
    frames = (frame_result(3), frame_result(4, camera_motion=motion, calibration=calibration))
    tracker = Tracker(TrackerParameters())
    save_border(tmp_path / "border.npz", Border(5, tracker.snapshot(), frames, camera.state), {"a": 1})

    border, notes = load_border(tmp_path / "border.npz")

    assert (border.next_frame, notes) == (5, {"a": 1})
    assert border.camera.keys() == camera.state.keys()
    for name, values in camera.state.items():
        np.testing.assert_array_equal(border.camera[name], values)
    assert [frame.calibration for frame in border.open_frames] == [None, calibration]
    unknown, known = (frame.camera_motion for frame in border.open_frames)
    assert unknown is None
    assert known is not None
    assert known.confidence == pytest.approx(0.75)
    np.testing.assert_array_equal(known.matrix, motion.matrix)
    assert known.moments is not None
    np.testing.assert_array_equal(known.moments, np.arange(9.0).reshape(3, 3))
