"""People of the sample walk: on their feet, along their path, without skating."""

from functools import cache

import numpy as np
import pytest

from samples.people.cast import Actor, cast_people
from samples.people.figure import Pose
from samples.people.leg import Leg
from samples.people.path import Path
from samples.render import BODY_MODEL
from tracker_service.body.model import BodyModel
from tracker_service.types import Float64

TIMES = np.arange(0.0, 3.0, 0.04)
ACTORS = cast_people(BodyModel.load(BODY_MODEL))


@pytest.fixture(params=ACTORS, ids=[f"person {actor.identity}" for actor in ACTORS])
def actor(request: pytest.FixtureRequest) -> Actor:
    chosen: Actor = request.param
    return chosen


@cache
def pose(actor: Actor, time: float) -> Pose:
    """Several tests look at the same moments."""
    return actor.walk.pose(time)


def clothed(actor: Actor, time: float) -> Float64:
    return actor.walk.figure.skinned(actor.clothed, pose(actor, time))


def test_a_flat_foot_stays_where_it_was_put_down(actor: Actor) -> None:
    walk = actor.walk
    for leg in (Leg.left(walk.figure), Leg.right(walk.figure)):
        ankle, standing = [], []
        for time in TIMES:
            _, _, _, phase = walk.foot(leg, walk.manner.start + walk.manner.speed * time)
            standing.append(0.09 < phase < 0.29)
            ankle.append(walk.figure.bones(pose(actor, time))[1][leg.joints[2]])
        both = np.array(standing)[1:] & np.array(standing)[:-1]
        steps = np.linalg.norm(np.diff(ankle, axis=0), axis=1)
        assert both.sum() >= 8
        assert steps[both].max() < 0.001
        assert steps.max() > 0.08


def test_boots_touch_the_ground_at_all_times_and_do_not_sink_in(actor: Actor) -> None:
    lowest = np.array([clothed(actor, time)[:, 1].min() for time in TIMES])
    assert lowest.max() < 0.02
    assert lowest.min() > -0.02


def test_the_legs_reach_the_planned_ankles(actor: Actor) -> None:
    walk = actor.walk
    for leg in (Leg.left(walk.figure), Leg.right(walk.figure)):
        for time in TIMES:
            planned = walk.foot(leg, walk.manner.start + walk.manner.speed * time)[0]
            reached = walk.figure.bones(pose(actor, time))[1][leg.joints[2]]
            assert np.linalg.norm(planned - reached) < 0.02


def test_arms_swing_against_the_legs(actor: Actor) -> None:
    walk = actor.walk
    left_hand, left_foot = [], []
    for time in TIMES:
        posed = pose(actor, time)
        ahead = posed.rotations[0][:, 2]
        positions = walk.figure.bones(posed)[1] - posed.root
        left_hand.append(positions[20] @ ahead)
        left_foot.append(positions[7] @ ahead)
    assert np.corrcoef(left_hand, left_foot)[0, 1] < -0.7


def test_people_do_not_walk_through_each_other() -> None:
    for time in np.arange(0, 10, 0.2):
        roots = np.array([pose(actor, time).root[[0, 2]] for actor in ACTORS])
        gaps = np.linalg.norm(roots[:, None] - roots[None], axis=2) + 10 * np.eye(len(roots))
        assert gaps.min() > 0.6


def test_a_path_goes_through_its_stations_at_even_speed() -> None:
    stations = [(0.0, 0.0), (2.0, 1.0), (3.0, 3.0), (2.0, 5.0)]
    path = Path.through(stations)
    distance = np.linspace(0, path.distance[-1], 400)
    points = path.position(distance)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps.mean(), rtol=0.01)
    for station in stations:
        assert np.linalg.norm(points - station, axis=1).min() < 0.02
    headings = path.heading(distance[:-1])
    np.testing.assert_allclose(
        np.diff(points, axis=0) / steps[:, None], np.stack([np.sin(headings), np.cos(headings)], 1), atol=0.03
    )


@pytest.mark.parametrize(("distance", "expected"), [(-2.0, (-2.0, 1.0)), (6.0, (6.0, 1.0))])
def test_beyond_its_ends_a_path_goes_straight_on(distance: float, expected: tuple[float, float]) -> None:
    np.testing.assert_allclose(
        Path.through([(0.0, 1.0), (2.0, 1.0), (4.0, 1.0)]).position(distance), expected, atol=1e-9
    )
