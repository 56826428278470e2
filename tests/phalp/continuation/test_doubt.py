"""A body that the body model hardly sees leaves no trace in its track but the place."""

import numpy as np
import pytest

from tests.phalp.people import FRAME_SIZE, people, walker
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import Compatibility, TrackerParameters
from tracker_service.types import PersonState, TrackedPerson

WRONG = {"look": 9, "turn": 3, "swing": 1.0, "depth": 66}
"""A body in another pose, at another depth, in other clothes."""


def followed(presence: float, frames: int = 3, compat: Compatibility = "paper") -> tuple[Tracker, list[TrackedPerson]]:
    """Follow a walker for eight frames, then show a wrong body in the right place."""
    tracker = Tracker(TrackerParameters(compat=compat, start_evidence=0.0))
    records: tuple[TrackedPerson, ...] = ()
    shown: list[TrackedPerson] = []
    for time in range(8):
        records = tracker.update(people(walker(time, swing=0.02 * time)), time, FRAME_SIZE)
    for time in range(8, 8 + frames):
        shown += tracker.update(people(walker(time, presence=presence, **WRONG)), time, FRAME_SIZE)
    return tracker, [*records, *shown]


def test_only_the_place_of_a_body_that_is_not_believed_enters_its_track() -> None:
    tracker, (before, *doubted) = followed(presence=0.02)
    for record in doubted:
        assert record.state is PersonState.SEEN
        np.testing.assert_array_equal(record.appearance, before.appearance)
        np.testing.assert_allclose(record.global_orient, before.global_orient, atol=1e-5)
        assert record.camera[2] == pytest.approx(before.camera[2], rel=0.01)
        np.testing.assert_allclose(record.joints_2d[-1], record.center, atol=2)
        assert record.presence == np.float32(0.02)
    assert [record.center[0] for record in doubted] == pytest.approx([walker(time).x for time in (8, 9, 10)], abs=4)
    expected = tracker.predict(11)
    np.testing.assert_allclose(expected.samples.pose[0, :9], np.eye(3).ravel(), atol=1e-5)
    np.testing.assert_array_equal(expected.samples.appearance[0], before.appearance)


def test_a_body_that_is_believed_enters_its_track() -> None:
    _, (before, first, *_) = followed(presence=0.9)
    assert not np.allclose(first.global_orient, before.global_orient, atol=0.1)
    assert not np.array_equal(first.appearance, before.appearance)


def test_upstream_believes_every_body() -> None:
    _, (before, first, *_) = followed(presence=0.02, compat="upstream")
    assert not np.array_equal(first.appearance, before.appearance)


def test_a_new_shot_begins_with_what_it_shows() -> None:
    tracker, (before, *_) = followed(presence=0.9, frames=0)
    (record,) = tracker.update(people(walker(8, presence=0.02, look=0, turn=3)), 8, FRAME_SIZE, shot=True)
    assert not np.allclose(record.global_orient, before.global_orient, atol=0.1)
