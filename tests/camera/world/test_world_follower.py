"""People in the world, from perfect bodies and the exact motion of the camera."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from samples.render import JUMP_TRUTH_NAME, ROOT, TRUTH_NAME
from samples.true_world import TrueWorld
from samples.truth import ClipTruth
from tests.camera.world.perfect_observer import perfect_frames
from tracker_service.camera.world.world_follower import WorldFollower
from tracker_service.types import CameraMotion, FrameResult, PersonState, PersonWorld, WorldDoubt
from tracker_service.types.calibration import Calibration, FocalSource

PROMENADE = ClipTruth.load(ROOT / "samples" / TRUTH_NAME)
JUMP = ClipTruth.load(ROOT / "samples" / JUMP_TRUTH_NAME)
SETTLED = 25


def placed(truth: ClipTruth) -> list[FrameResult]:
    world = WorldFollower(truth.focal / max(truth.width, truth.height), assumed=False)
    return [world.follow(frame) for frame in perfect_frames(truth)]


@pytest.fixture(scope="module")
def promenade() -> list[FrameResult]:
    return placed(PROMENADE)


@pytest.fixture(scope="module")
def jump() -> list[FrameResult]:
    return placed(JUMP)


def way(frames: Sequence[FrameResult], identity: int) -> dict[int, PersonWorld]:
    """Everything that is said of a person, by frame, once the filters have settled."""
    return {
        frame.frame_number: person.world
        for frame in frames[SETTLED:]
        for person in frame.persons
        if person.track_id == identity and person.world is not None
    }


def test_walkers_are_where_they_are(promenade: list[FrameResult]) -> None:
    truth = TrueWorld.of(PROMENADE)
    for row, identity in enumerate(PROMENADE.ids.tolist()):
        for number, world in way(promenade, identity).items():
            assert np.linalg.norm(world.position - truth.positions[number, row]) < 0.8
            assert (np.abs(world.position - truth.positions[number, row]) < 3 * world.position_deviation).all()


def test_a_rider_before_a_turning_camera_is_where_he_is(jump: list[FrameResult]) -> None:
    truth = TrueWorld.of(JUMP)
    said = way(jump, 1)
    numbers = sorted(said)
    error = np.array([said[number].position - truth.positions[number, 0] for number in numbers])
    travelled = np.linalg.norm(np.diff(truth.positions[numbers, 0], axis=0), axis=1).sum()
    assert travelled > 20
    assert np.linalg.norm(error[-1] - error[0]) < 0.15 * travelled


def test_speed_is_that_of_the_rider(jump: list[FrameResult]) -> None:
    truth, errors = TrueWorld.of(JUMP), []
    for number, world in way(jump, 1).items():
        if number + 1 < len(truth.positions):
            speed = np.linalg.norm(truth.positions[number + 1, 0] - truth.positions[number - 1, 0]) * JUMP.fps / 2
            errors.append(abs(float(np.linalg.norm(world.velocity)) - float(speed)))
    assert np.median(errors) < 1.0


def test_headings_are_those_of_the_pelvis_where_people_are_upright(promenade: list[FrameResult]) -> None:
    truth = TrueWorld.of(PROMENADE)
    for row, identity in enumerate(PROMENADE.ids.tolist()):
        for number, world in way(promenade, identity).items():
            difference = world.heading - truth.headings[number, row]
            assert abs((difference + np.pi) % (2 * np.pi) - np.pi) < np.radians(12)


def test_a_body_turned_into_the_world_stands_as_the_true_one_does(promenade: list[FrameResult]) -> None:
    truth = TrueWorld.of(PROMENADE)
    for frame in promenade[SETTLED:]:
        for row, person in enumerate(frame.persons):
            assert person.world is not None
            assert person.world.orientation is not None
            joints = person.joints_3d.astype(np.float64)
            neck, across = joints[[1, 12]] - joints[[8, 9]]
            trunk, across = np.stack([neck, across]) @ person.world.orientation.T
            front = np.cross(across, trunk)
            assert np.arctan2(front[0], front[2]) == pytest.approx(person.world.heading, abs=1e-4)
            upright = trunk[1] / np.linalg.norm(trunk)
            assert upright == pytest.approx(truth.trunks[frame.frame_number, row], abs=0.06)


def test_nothing_is_said_of_the_heading_of_somebody_upside_down(jump: list[FrameResult]) -> None:
    truth = TrueWorld.of(JUMP)
    inverted = np.flatnonzero(truth.trunks[:, 0] < -0.2)
    said = way(jump, 1)
    assert len(inverted)
    assert all(said[number].heading_deviation == pytest.approx(np.pi) for number in inverted.tolist())


def test_boots_touch_the_ground_in_turn(promenade: list[FrameResult]) -> None:
    right = []
    for row, identity in enumerate(PROMENADE.ids.tolist()):
        for number, world in way(promenade, identity).items():
            right.append((world.contacts > 0.5) == PROMENADE.contacts[number, row])
    assert np.mean(right) > 0.75


def test_a_gliding_board_is_on_the_slope_and_a_flying_one_is_not(jump: list[FrameResult]) -> None:
    said = way(jump, 1)
    contacts = np.array([said[number].contacts.mean() for number in sorted(said)])
    flying = ~JUMP.contacts[sorted(said), 0].any(axis=1)
    assert np.mean(contacts[flying] < 0.5) > 0.7
    assert np.mean(contacts[~flying] > 0.5) > 0.75


def test_assumptions_are_in_the_uncertainties() -> None:
    frame = next(perfect_frames(PROMENADE))
    given, assumed = (WorldFollower(1.2, assumed=assumed).follow(frame).persons[0].world for assumed in (False, True))
    assert given is not None
    assert assumed is not None
    np.testing.assert_array_equal(given.position, assumed.position)
    added = assumed.position_deviation**2 - given.position_deviation**2
    np.testing.assert_allclose(np.sqrt(added), 0.25 * np.abs(given.position), rtol=1e-6)


def test_people_who_crouch_are_placed_less_surely() -> None:
    deviations = []
    for truth in (PROMENADE, JUMP):
        frame = next(perfect_frames(truth))
        world = WorldFollower(truth.focal / truth.width, assumed=False).follow(frame).persons[0].world
        assert world is not None
        deviations.append(world.position_deviation[2] / abs(world.position[2]))
    assert deviations[1] > 1.4 * deviations[0]


def test_places_of_people_who_stand_are_reliable_and_those_of_small_riders_are_not(
    promenade: list[FrameResult], jump: list[FrameResult]
) -> None:
    walkers, riders = (
        [person.world for frame in frames[SETTLED:] for person in frame.persons if person.world is not None]
        for frames in (promenade, jump)
    )
    assert np.mean([world.reliable for world in walkers]) > 0.9
    assert not any(world.reliable for world in riders)
    assert {doubt for world in riders for doubt in world.doubts or ()} >= {WorldDoubt.CROUCHED, WorldDoubt.VERTICAL}


def test_nobody_is_placed_reliably_before_somebody_stood_and_after_a_long_absence() -> None:
    frames = list(islice(perfect_frames(PROMENADE), SETTLED + 60))
    world = WorldFollower(PROMENADE.focal / PROMENADE.width, assumed=False)
    first = world.follow(frames[0]).persons[0].world
    assert first is not None
    assert first.doubts == (WorldDoubt.VERTICAL,)
    for frame in frames[1:SETTLED]:
        world.follow(frame)
    for frame in frames[SETTLED:]:
        gone = [replace(person, state=PersonState.PREDICTED, age=1) for person in frame.persons]
        last = world.follow(replace(frame, persons=tuple(gone))).persons[0].world
    assert last is not None
    assert last.doubts is not None
    assert last.doubts[0] == WorldDoubt.UNSEEN


@pytest.mark.parametrize("growth", [1.3, 0.8])
def test_what_the_background_grows_by_is_in_the_uncertainties(growth: float) -> None:
    first, second = islice(perfect_frames(PROMENADE), 2)
    middle = np.array([first.width, first.height]) / 2
    zoom = np.array([[growth, 0, (1 - growth) * middle[0]], [0, growth, (1 - growth) * middle[1]], [0, 0, 1]])
    still, zoomed = (
        second_world(first, replace(second, camera_motion=motion)) for motion in (None, CameraMotion(zoom))
    )
    added = zoomed.position_deviation**2 - still.position_deviation**2
    np.testing.assert_allclose(np.sqrt(added), abs(np.log(growth)) * np.abs(zoomed.position), rtol=0.05)


def second_world(first: FrameResult, second: FrameResult) -> PersonWorld:
    follower = WorldFollower(PROMENADE.focal / PROMENADE.width, assumed=False)
    follower.follow(first)
    if second.camera_motion is None:
        second = replace(second, camera_motion=CameraMotion.none())
    world = follower.follow(second).persons[0].world
    assert world is not None
    return world


def test_nobody_flies_for_being_seen_nearer_than_before() -> None:
    rng, world = np.random.default_rng(1), WorldFollower(JUMP.focal / JUMP.width, assumed=False)
    feet_down, wrong = [], 0.0
    for frame in perfect_frames(JUMP):
        wrong = 0.9 * wrong + np.sqrt(1 - 0.9**2) * rng.normal(0, 0.15)
        nearer = (np.exp(wrong) * frame.persons[0].camera).astype(np.float32)
        rider = world.follow(replace(frame, persons=(replace(frame.persons[0], camera=nearer),))).persons[0].world
        if rider is not None and JUMP.contacts[frame.frame_number, 0].any():
            feet_down.append(rider.contacts.max() > 0.5)
    assert np.mean(feet_down) > 0.8


def test_a_calibrated_frame_is_seen_with_its_own_focal_length() -> None:
    frame = next(perfect_frames(PROMENADE))
    longer = max(frame.width, frame.height)
    expected = WorldFollower(1.4, assumed=False).follow(frame).persons[0].world
    known = [
        WorldFollower(1.0)
        .follow(replace(frame, calibration=Calibration(1.4 * longer, source, frame.width, frame.height)))
        .persons[0]
        .world
        for source in (FocalSource.GIVEN, FocalSource.METADATA, FocalSource.ESTIMATED)
    ]
    assert expected is not None
    deviations = [expected.position_deviation[2]]
    for world in known:
        assert world is not None
        np.testing.assert_allclose(world.position, expected.position, rtol=1e-9)
        deviations.append(world.position_deviation[2])
    assert deviations[0] == pytest.approx(deviations[1])
    assert deviations[1] < deviations[2] < deviations[3]


def test_one_with_the_state_of_another_goes_on_identically(jump: list[FrameResult]) -> None:
    focal = JUMP.focal / max(JUMP.width, JUMP.height)
    bare = list(perfect_frames(JUMP))
    for cut in (1, 60, 100):
        first = WorldFollower(focal, assumed=False)
        for frame in bare[:cut]:
            first.follow(frame)
        second = WorldFollower(focal, assumed=False, state=first.state)
        for frame, expected in zip(bare[cut : cut + 30], jump[cut : cut + 30], strict=True):
            for person, same in zip(second.follow(frame).persons, expected.persons, strict=True):
                assert person.world is not None
                assert same.world is not None
                np.testing.assert_array_equal(person.world.position, same.world.position)
                np.testing.assert_array_equal(person.world.contacts, same.world.contacts)
                assert person.world.heading == same.world.heading


def test_nobody_is_placed_where_the_camera_is_not_followed() -> None:
    frame = replace(next(perfect_frames(JUMP)), camera_motion=None)
    assert all(person.world is None for person in WorldFollower(1.0).follow(frame).persons)


def test_a_new_shot_begins_a_new_world() -> None:
    frames = list(perfect_frames(JUMP))[:12]
    world = WorldFollower(JUMP.focal / JUMP.width)
    for frame in frames[:11]:
        world.follow(frame)
    cut = world.follow(replace(frames[11], shot=True)).persons[0].world
    new = WorldFollower(JUMP.focal / JUMP.width).follow(frames[11]).persons[0].world
    assert cut is not None
    assert new is not None
    np.testing.assert_array_equal(cut.position, new.position)
