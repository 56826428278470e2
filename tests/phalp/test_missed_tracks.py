"""People nobody sees: the records of predicted frames."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.phalp.people import FRAME_SIZE, Person, nobody, people
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Float32, PersonState, Smpl, TrackedPerson
from tracker_service.types.phalp_vectors import TRUNK_JOINTS


class Stick:
    """A body whose joints are the columns of the pelvis' and the left knee's rotations, over and over."""

    def joints(self, smpl: Smpl) -> Float32:
        knee = smpl.body_pose[:, 3]
        return np.concatenate([np.swapaxes(smpl.global_orient[:, 0], 1, 2), np.tile(knee, (1, 14, 1))[:, :41]], axis=1)

    def trunk(self, smpl: Smpl) -> Float32:
        return self.joints(smpl)[:, TRUNK_JOINTS]


def vanish(
    persons: list[Person],
    unseen: int,
    parameters: TrackerParameters | None = None,
    frame_size: tuple[int, int] = FRAME_SIZE,
    **options: Any,
) -> list[TrackedPerson]:
    """Track a person over the given sightings, then over ``unseen`` empty frames; return the records of the latter."""
    tracker = Tracker(parameters or TrackerParameters(n_init=1), **options)
    for time, person in enumerate(persons):
        tracker.update(people(person), time, frame_size)
    frames = range(len(persons), len(persons) + unseen)
    return [record for time in frames for record in tracker.update(nobody(), time, frame_size)]


def walk(speed: float, **changes: Any) -> list[Person]:
    return [Person(x=400 + speed * time, **changes) for time in range(10)]


def test_a_walker_goes_on_and_slows_down() -> None:
    ghosts = vanish(walk(6.0), 20)
    x = np.array([ghost.center[0] for ghost in ghosts])
    steps = np.diff(x, prepend=454.0)
    assert steps[0] == pytest.approx(6.0, rel=0.2)
    assert (steps > 0).all()
    assert (np.diff(steps[1:]) < 1e-3).all()


def test_the_box_of_a_predicted_person_is_drawn_around_its_joints_however_the_last_box_was_cut() -> None:
    whole, cut = vanish(walk(6.0), 5), vanish([*walk(6.0)[:-1], Person(x=454.0, cut=0.5)], 5)
    for ghost, other in zip(whole, cut, strict=True):
        joints = ghost.joints_2d[:-1]
        assert (ghost.box[:2] < joints.min(axis=0)).all()
        assert (ghost.box[2:] > joints.max(axis=0)).all()
        assert ghost.box[3] - ghost.box[1] < 1.2 * np.ptp(joints[:, 1])
        np.testing.assert_allclose(ghost.box, other.box)


def test_upstream_repeats_the_last_sighting() -> None:
    sightings = walk(6.0)
    ghosts = vanish(sightings, 5, TrackerParameters(compat="upstream"))
    last = people(sightings[-1])
    for ghost in ghosts:
        assert ghost.state is PersonState.PREDICTED
        np.testing.assert_array_equal(ghost.box, last.detections.boxes[0])
        np.testing.assert_array_equal(ghost.camera, last.cameras[0])
        np.testing.assert_array_equal(ghost.pose, last.pose[0])


def test_camera_square_box_and_joints_of_a_predicted_person_agree() -> None:
    sightings = [Person(x=400 + 6 * time, y=300 + 2 * time, depth=60 - 0.5 * time) for time in range(10)]
    last = people(sightings[-1])
    for ghost in vanish(sightings, 20, TrackerParameters(n_init=1, depth_gain=1)):
        width, height = FRAME_SIZE
        focal = 5000 / 256 * width
        projected = (ghost.joints_3d + ghost.camera) * focal
        pixels = projected[:, :2] / (ghost.joints_3d + ghost.camera)[:, 2:] + np.array([width, height]) / 2
        np.testing.assert_allclose(ghost.joints_2d, pixels, rtol=1e-4, atol=1e-2)
        np.testing.assert_allclose(ghost.pose[226:], ghost.camera / [1, 1, 200], rtol=1e-6)
        np.testing.assert_allclose(ghost.location[90:], np.tile(ghost.camera, 3))
        shrunk = last.cameras[0, 2] / ghost.camera[2]
        assert ghost.side == pytest.approx(last.squares.sides[0] * shrunk, rel=1e-4)
        offset = ghost.center - ghost.joints_2d[44]
        np.testing.assert_allclose(offset, (last.squares.centers[0] - last.joints_2d[0, 44]) * shrunk, atol=1e-2)
        np.testing.assert_array_equal(ghost.crop_camera, last.crop_cameras[0])


@pytest.mark.parametrize("frame_size", [(1281, 720), (720, 1281), (641, 480)])
def test_the_joints_of_a_predicted_person_are_projected_into_frames_of_every_shape(frame_size: tuple[int, int]) -> None:
    for ghost in vanish(walk(6.0), 3, frame_size=frame_size):
        points = ghost.joints_3d + ghost.camera
        pixels = points[:, :2] / points[:, 2:] * (5000 / 256 * max(frame_size)) + np.array(frame_size) / 2
        np.testing.assert_allclose(ghost.joints_2d, pixels, rtol=1e-4, atol=1e-2)


def test_the_body_model_gives_the_joints_of_the_predicted_pose() -> None:
    swinging = walk(0.0)
    swinging = [Person(x=400, swing=0.03 * time, turn=0.02 * time) for time in range(10)]
    ghosts = vanish(swinging, 3, body=Stick())
    for ghost in ghosts:
        np.testing.assert_array_equal(ghost.joints_3d[:3], ghost.global_orient[0].T)
        np.testing.assert_array_equal(ghost.joints_3d[3:6], ghost.body_pose[3])
        np.testing.assert_array_equal(ghost.joints_3d[44], 0)
    assert ghosts[0].body_pose[3, 2, 1] == pytest.approx(np.sin(0.25), abs=0.01)


def test_without_a_body_model_the_joints_stay_those_last_observed() -> None:
    sightings = walk(3.0)
    for ghost in vanish(sightings, 3):
        np.testing.assert_array_equal(ghost.joints_3d, people(sightings[-1]).joints_3d[0])


sightings = st.lists(
    st.builds(
        Person,
        x=st.floats(-200, 1500),
        y=st.floats(-200, 900),
        depth=st.floats(2, 200),
        turn=st.floats(-3.1, 3.1),
        swing=st.floats(-2, 2),
    ),
    min_size=1,
    max_size=9,
)


@given(sightings)
@settings(max_examples=40)
def test_predictions_stay_finite_however_wild_the_sightings(persons: list[Person]) -> None:
    parameters = TrackerParameters(n_init=1, hungarian_th=1e12)
    tracker = Tracker(parameters, body=Stick())
    for time, person in enumerate(persons):
        records = tracker.update(people(person), time, FRAME_SIZE)
    last = records[0]
    for age in range(1, 51):
        for ghost in tracker.update(nobody(), len(persons) - 1 + age, FRAME_SIZE):
            if ghost.track_id != last.track_id:
                continue
            for values in (ghost.box, ghost.pose, ghost.camera, ghost.joints_3d, ghost.joints_2d, ghost.location):
                assert np.isfinite(values).all()
            assert 0.49 * last.camera[2] < ghost.camera[2] < 2.01 * last.camera[2]
            assert 0.49 * last.side < ghost.side < 2.01 * last.side
            rotations = ghost.pose[:216].reshape(24, 3, 3).astype(float)
            np.testing.assert_allclose(
                rotations @ np.swapaxes(rotations, 1, 2), np.tile(np.eye(3), (24, 1, 1)), atol=1e-5
            )
            assert ghost.tracking_confidence < 1
