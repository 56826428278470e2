"""Where exported files and the viewer put a person before a camera whose focal length is known."""

from pathlib import Path

import numpy as np
import pytest

from tests.results.frames import frame_result, tracked_person
from tracker_service.body.camera_space import in_camera
from tracker_service.results.formats.bodies.placement import place
from tracker_service.results.ndjson import NdjsonWriter, read_results
from tracker_service.results.records import FrameRecord
from tracker_service.types import TrackedPerson
from tracker_service.types.calibration import Calibration, FocalSource
from tracker_service.viewer.placing import scene_place

CAMERA = Calibration(1500.0, FocalSource.METADATA, 1920, 1080)
FLIPPED = np.diag([1.0, -1.0, -1.0])
_MID_HIP = 8


@pytest.fixture
def person() -> TrackedPerson:
    """Somebody at the left border, 60 m away for PHALP's lens."""
    return tracked_person(camera=np.array([-1.5, 0.5, 60], np.float32), global_orient=np.eye(3, dtype=np.float32)[None])


def _record(folder: Path, person: TrackedPerson, camera: Calibration | None) -> FrameRecord:
    with NdjsonWriter(folder / "results.ndjson") as file:
        file.write(frame_result(0, person, calibration=camera))
    return next(iter(read_results(folder / "results.ndjson")))


def test_exports_and_the_viewer_put_people_where_the_calibrated_camera_sees_them(
    tmp_path: Path, person: TrackedPerson
) -> None:
    frame, expected = _record(tmp_path, person, CAMERA), in_camera(person, CAMERA)
    hips = FLIPPED @ (person.joints_3d[_MID_HIP] + expected.translation)
    turn = FLIPPED @ expected.global_orient[0]
    exported, viewed = place(frame.persons[0]), scene_place(frame.persons[0], frame)
    for position, rotation in ((exported.pelvis, exported.turn), (viewed.position, viewed.orientation)):
        np.testing.assert_allclose(position, hips, atol=1e-5)
        np.testing.assert_allclose(rotation, turn, atol=1e-5)
    assert hips[2] == pytest.approx(-60 * 1500 / 37500, abs=0.2)  # metres, not those of PHALP's lens


def test_another_focal_length_moves_them_in_depth_alone(tmp_path: Path, person: TrackedPerson) -> None:
    near, far = (
        place(_record(tmp_path, person, Calibration(focal, FocalSource.GIVEN, 1920, 1080)).persons[0]).pelvis
        for focal in (1000.0, 2000.0)
    )
    np.testing.assert_allclose(far / near, [1, 1, 2], rtol=1e-4)
