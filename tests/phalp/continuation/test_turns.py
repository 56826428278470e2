"""Which way up a person is where a frame leaves that in doubt: as the track was turned before."""

from dataclasses import replace

import numpy as np
import pytest

from tests.people.painted_body import load_body, standing
from tests.phalp.people import FRAME_SIZE, Person, people
from tracker_service.body.model import BodyModel
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Float32, OtherTurns, People
from tracker_service.types.phalp_vectors import POSE_SIZE

LIVE = TrackerParameters(live=True, n_init=1, depth_gain=1)


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return load_body()


def leaning(body: BodyModel, degrees: float, x: float = 600.0) -> People:
    """A frame with one person who leans clockwise."""
    smpl = standing(float(np.radians(degrees)))
    frame = people(Person(x=x))
    joints = np.zeros((1, 45, 3), np.float32)
    joints[:, :-1] = body.joints(smpl)
    placed = joints + frame.cameras[:, None]
    pixels = 5000 / 256 * FRAME_SIZE[0] * placed[..., :2] / placed[..., 2:] + np.array(FRAME_SIZE) / 2
    return replace(frame, smpl=smpl, joints_3d=joints, joints_2d=pixels.astype(np.float32))


def in_doubt(reported: People, other: People, lead: float) -> People:
    return replace(reported, other_turns=OtherTurns(np.array([0]), np.array([lead], np.float32), other))


def shown(body: BodyModel, frames: list[People], parameters: TrackerParameters = LIVE, missed: int = 0) -> Float32:
    """The joints that are believed of the last frame, after some empty ones."""
    tracker = Tracker(parameters, body=body)
    for time, frame in enumerate(frames[:-1]):
        tracker.update(frame, time, FRAME_SIZE)
    tracker.update(frames[-1], len(frames) - 1 + missed, FRAME_SIZE)
    return np.asarray(tracker.tracks.last.joints_2d[-1], np.float32)


@pytest.mark.parametrize(
    ("before", "lead", "missed", "other_chosen"),
    [
        (170, 0.1, 0, True),  # upside down before: still so
        (10, 0.1, 0, False),  # upright before: what is reported
        (170, 0.9, 0, False),  # the picture says clearly that it stands upright
        (170, 0.1, 20, False),  # unseen for long enough to turn round
    ],
)
def test_the_turn_follows_the_track_where_the_frame_leaves_it_in_doubt(
    body: BodyModel, before: float, lead: float, missed: int, other_chosen: bool
) -> None:
    upright, inverted = leaning(body, 0), leaning(body, 180)
    believed = shown(body, [leaning(body, before)] * 3 + [in_doubt(upright, inverted, lead)], missed=missed)
    expected = inverted if other_chosen else upright
    np.testing.assert_allclose(believed, expected.joints_2d[0], atol=0.1)


def test_upstream_takes_the_turn_that_is_reported(body: BodyModel) -> None:
    upright, inverted = leaning(body, 0), leaning(body, 180)
    frames = [inverted] * 3 + [in_doubt(upright, inverted, 0.0)]
    believed = shown(body, frames, TrackerParameters(compat="upstream", n_init=1))
    np.testing.assert_array_equal(believed, upright.joints_2d[0])


def test_who_is_in_doubt_stays_so_when_people_are_taken_out_of_a_frame() -> None:
    frame = people(*(Person(x=300 + 200 * row, look=row) for row in range(4)))
    others = OtherTurns(np.array([1, 3]), np.array([0.1, 0.3], np.float32), frame.take(np.array([1, 3])))
    frame = replace(frame, other_turns=others)
    assert frame.take(np.array([0, 2])).other_turns is None
    kept = frame.take(np.array([3, 0, 1]))
    assert kept.other_turns is not None
    assert kept.other_turns.of.tolist() == [0, 2]
    np.testing.assert_allclose(kept.other_turns.lead, [0.3, 0.1])
    np.testing.assert_array_equal(kept.other_turns.people.pose, kept.pose[[0, 2]])
    assert kept.other_turns.people.pose.shape == (2, POSE_SIZE)
    assert frame.take(np.array([False, True, False, False])).other_turns is not None
