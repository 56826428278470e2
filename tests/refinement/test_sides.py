"""Left and right put right from the frames before and after."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.people.painted_body import load_body
from tests.phalp.continuation.test_sides_and_depth import facing, joints
from tests.refinement.walking_people import RATE, frame, walker
from tracker_service.body.model import BodyModel
from tracker_service.phalp.continuation.sides import with_sides_exchanged
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.refinement.refinement_parameters import RefinementParameters
from tracker_service.refinement.refiner import Refiner
from tracker_service.types import FrameResult, Smpl, TrackedPerson

RIGHT = facing(0.4)
WRONG = with_sides_exchanged(RIGHT)
SIDES_ONLY = RefinementParameters(longest_gap=0, smoothing_seconds=0.0, side_seconds=0.8)


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return load_body()


def posed(number: int, smpl: Smpl, body: BodyModel) -> TrackedPerson:
    places = np.concatenate([body.joints(smpl)[0], np.zeros((1, 3), np.float32)])
    return replace(walker(number), global_orient=smpl.global_orient[0], body_pose=smpl.body_pose[0], joints_3d=places)


def clip(smpls: Sequence[Smpl], body: BodyModel, shot: int | None = None) -> list[FrameResult]:
    return [frame(number, posed(number, smpl, body), shot=number == shot) for number, smpl in enumerate(smpls)]


def refined(frames: Sequence[FrameResult], body: BodyModel, cut: int | None = None) -> list[FrameResult]:
    refiner, done = Refiner(SIDES_ONLY, TrackerParameters(), body, RATE), []
    for number, item in enumerate(frames):
        if number == cut:
            refiner = Refiner(SIDES_ONLY, TrackerParameters(), body, RATE, refiner.state)
        done += list(refiner.push(item))
    return done + list(refiner.finish())


@pytest.mark.parametrize("wrong", [range(6), range(20, 27), range(53, 60)], ids=["start", "middle", "end"])
def test_frames_that_contradict_those_around_are_put_right(body: BodyModel, wrong: range) -> None:
    frames = clip([WRONG if number in wrong else RIGHT for number in range(60)], body)
    for result in refined(frames, body):
        np.testing.assert_allclose(result.persons[0].joints_3d[:-1], joints(body, RIGHT), atol=0.02)


def test_somebody_who_turns_round_stays_as_seen(body: BodyModel) -> None:
    frames = clip([facing(yaw) for yaw in np.linspace(0, 2 * np.pi, 60)], body)
    for before, after in zip(frames, refined(frames, body), strict=True):
        np.testing.assert_array_equal(before.persons[0].global_orient, after.persons[0].global_orient)


def test_what_lies_behind_a_change_of_shot_tells_nothing(body: BodyModel) -> None:
    frames = clip([RIGHT] * 30 + [WRONG] * 3, body, shot=30)
    for before, after in zip(frames, refined(frames, body), strict=True):
        np.testing.assert_array_equal(before.persons[0].global_orient, after.persons[0].global_orient)


def test_a_refiner_restored_from_its_state_decides_the_same(body: BodyModel) -> None:
    rng = np.random.default_rng(1)
    frames = clip([WRONG if rng.random() < 0.3 else RIGHT for _ in range(50)], body)
    for one, other in zip(refined(frames, body), refined(frames, body, cut=23), strict=True):
        np.testing.assert_array_equal(one.persons[0].joints_3d, other.persons[0].joints_3d)
