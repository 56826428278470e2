"""Sides and depth of people as their tracks make them believed."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.people.painted_body import about, load_body, standing
from tests.phalp.people import FRAME_SIZE, Person, people
from tracker_service.body.joints import JOINT_INDEX
from tracker_service.body.model import BodyModel
from tracker_service.phalp.continuation.depth import FURTHEST
from tracker_service.phalp.continuation.sides import with_sides_exchanged
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Float64, People, Smpl, TrackedPerson
from tracker_service.types.phalp_vectors import TRUNK_JOINTS, pose_vectors

LEFT = [JOINT_INDEX[f"left_{name}"] for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")]
RIGHT = [JOINT_INDEX[f"right_{name}"] for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")]
LIVE = TrackerParameters(live=True, n_init=1)


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return load_body()


def facing(yaw: float) -> Smpl:
    """Somebody with the arms apart, turned about the vertical axis."""
    smpl = standing()
    turned = about(1, yaw) @ smpl.global_orient[0, 0]
    return replace(smpl, global_orient=turned[None, None].astype(np.float32))


def filmed(body: BodyModel, smpl: Smpl, depth: float = 60.0) -> People:
    """A frame with this body in it."""
    frame = people(Person(x=600, depth=depth))
    joints = np.zeros((1, 45, 3), np.float32)
    joints[:, :-1] = body.joints(smpl)
    return replace(frame, smpl=smpl, joints_3d=joints, pose=pose_vectors(smpl, frame.cameras))


def tracked(
    frames: Sequence[People], body: BodyModel | None, parameters: TrackerParameters = LIVE, shot: int | None = None
) -> list[TrackedPerson]:
    tracker = Tracker(parameters, body=body)
    answers = []
    for time, frame in enumerate(frames):
        (person,) = tracker.update(frame, time, FRAME_SIZE, shot=time == shot)
        answers.append(person)
    return answers


def joints(body: BodyModel, smpl: Smpl) -> Float64:
    return np.asarray(body.joints(smpl)[0], np.float64)


@pytest.mark.parametrize("yaw", [0.0, 0.7, 2.5])
def test_a_body_with_exchanged_sides_looks_the_same_to_the_camera_and_is_a_body(body: BodyModel, yaw: float) -> None:
    seen = facing(yaw)
    other = with_sides_exchanged(seen)
    before, after = joints(body, seen), joints(body, other)
    pelvis = before[JOINT_INDEX["mid_hip"]]
    np.testing.assert_allclose((after - pelvis)[LEFT] * [1, 1, -1], (before - pelvis)[RIGHT], atol=0.02)
    np.testing.assert_allclose(np.linalg.det(other.body_pose), 1, atol=1e-5)
    again = with_sides_exchanged(other)
    np.testing.assert_allclose(again.global_orient, seen.global_orient, atol=1e-6)
    np.testing.assert_allclose(again.body_pose, seen.body_pose, atol=1e-6)


def test_one_frame_with_exchanged_sides_is_put_right(body: BodyModel) -> None:
    right = filmed(body, facing(0.4))
    wrong = filmed(body, with_sides_exchanged(facing(0.4)))
    answers = tracked([*[right] * 10, wrong, *[right] * 3], body)
    for answer in answers:
        np.testing.assert_allclose(answer.joints_3d, right.joints_3d[0], atol=0.02)
        np.testing.assert_allclose(answer.global_orient, right.smpl.global_orient[0], atol=1e-5)


def test_a_track_follows_the_model_when_it_keeps_to_the_other_sides(body: BodyModel) -> None:
    first, then = filmed(body, with_sides_exchanged(facing(0.4))), filmed(body, facing(0.4))
    answers = tracked([*[first] * 20, *[then] * 12], body)
    np.testing.assert_allclose(answers[20].joints_3d, first.joints_3d[0], atol=0.02)
    np.testing.assert_allclose(answers[-1].joints_3d, then.joints_3d[0], atol=0.02)


def test_somebody_who_turns_round_is_believed_in_every_frame(body: BodyModel) -> None:
    frames = [filmed(body, facing(yaw)) for yaw in np.linspace(0, 2 * np.pi, 60)]
    for frame, answer in zip(frames, tracked(frames, body), strict=True):
        np.testing.assert_allclose(answer.joints_3d[list(TRUNK_JOINTS)], frame.joints_3d[0, list(TRUNK_JOINTS)])


def depths(answers: Sequence[TrackedPerson]) -> Float64:
    return np.array([answer.camera[2] for answer in answers], np.float64)


def test_the_noise_of_depth_is_taken_off() -> None:
    noise = 0.03 * np.random.default_rng(3).standard_normal(60)
    measured = 60 * np.exp(noise)
    believed = depths(tracked([people(Person(x=600, depth=depth)) for depth in measured], None))
    assert np.abs(np.diff(believed)).mean() < 0.5 * np.abs(np.diff(measured)).mean()
    assert np.abs(believed - 60)[10:].mean() < 0.75 * np.abs(measured - 60)[10:].mean()


def test_somebody_who_comes_nearer_steadily_is_not_seen_late() -> None:
    measured = 60 * 0.99 ** np.arange(60)
    believed = depths(tracked([people(Person(x=600, depth=depth)) for depth in measured], None))
    np.testing.assert_allclose(believed[30:], measured[30:], rtol=2e-3)


def test_depth_is_never_moved_far_from_what_is_measured_and_stays_on_the_line_of_sight() -> None:
    measured = np.where(np.arange(30) % 3 == 2, 40.0, 60.0)
    frames = [people(Person(x=600 + 3 * time, depth=depth)) for time, depth in enumerate(measured)]
    for frame, answer in zip(frames, tracked(frames, None), strict=True):
        factor = answer.camera[2] / frame.cameras[0, 2]
        assert abs(np.log(factor)) <= FURTHEST + 1e-5
        np.testing.assert_allclose(answer.camera, factor * frame.cameras[0], rtol=1e-5)
        pixels = answer.location[88:90] * FRAME_SIZE[0] - np.array([0, (FRAME_SIZE[0] - FRAME_SIZE[1]) / 2])
        np.testing.assert_allclose(answer.joints_2d[44], pixels, atol=0.1)
        np.testing.assert_allclose(answer.joints_2d[44], frame.joints_2d[0, 44], atol=0.1)
        np.testing.assert_allclose(answer.pose[226:], answer.camera / [1, 1, 200], rtol=1e-5)


@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_a_new_shot_and_upstream_take_what_is_measured(body: BodyModel, gain: float) -> None:
    frames = [filmed(body, facing(0.4), 60), filmed(body, with_sides_exchanged(facing(0.4)), 50)]
    for parameters, shot in (
        (replace(LIVE, depth_gain=gain), 1),
        (TrackerParameters(compat="upstream", n_init=1), None),
    ):
        tracker = Tracker(parameters, body=body)
        for time, frame in enumerate(frames):
            tracker.update(frame, time, FRAME_SIZE, shot=time == shot)
        np.testing.assert_array_equal(tracker.tracks.last.joints_3d[-1], frames[1].joints_3d[0])
        np.testing.assert_array_equal(tracker.tracks.last.camera[-1], frames[1].cameras[0])


def test_a_tracker_restored_between_two_frames_goes_on_as_it_would_have(body: BodyModel) -> None:
    rng = np.random.default_rng(5)
    smpls = [facing(0.4) if rng.random() < 0.7 else with_sides_exchanged(facing(0.4)) for _ in range(20)]
    frames = [filmed(body, smpl, 60 + rng.normal()) for smpl in smpls]
    whole = tracked(frames, body)
    tracker = Tracker(LIVE, body=body)
    for time, frame in enumerate(frames):
        (answer,) = tracker.update(frame, time, FRAME_SIZE)
        np.testing.assert_array_equal(answer.pose, whole[time].pose)
        np.testing.assert_array_equal(answer.camera, whole[time].camera)
        tracker = Tracker.restore(tracker.snapshot(), LIVE, body=body)
