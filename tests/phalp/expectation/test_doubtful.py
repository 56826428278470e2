"""Detections that the body model or the detector is unsure of: they continue tracks, and start none."""

from dataclasses import replace
from typing import Any

import pytest

from tests.phalp.people import FRAME_SIZE, Person, nobody, people, walker
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import Compatibility, TrackerParameters
from tracker_service.types import FoundBy, People, PersonState, TrackedPerson


def followed(*given: People, compat: Compatibility = "paper") -> list[TrackedPerson]:
    """Follow a walker for eight frames, then show the given people; return the walker's records of those frames."""
    tracker = Tracker(TrackerParameters(compat=compat))
    for time in range(8):
        tracker.update(people(walker(time)), time, FRAME_SIZE)
    records = [tracker.update(shown, 8 + time, FRAME_SIZE) for time, shown in enumerate(given)]
    return [record for frame in records for record in frame if record.track_id == 1]


def doubtful(time: int, **changes: Any) -> Person:
    return walker(time, score=0.6, presence=0.0, **changes)


def test_a_doubtful_detection_continues_a_confirmed_track() -> None:
    records = followed(*(people(doubtful(8 + time)) for time in range(5)))
    assert [record.state for record in records] == [PersonState.SEEN] * 5
    assert records[-1].found_by is FoundBy.DETECTION


def test_the_pose_and_the_clothes_of_a_body_that_is_not_believed_do_not_matter() -> None:
    (record,) = followed(people(doubtful(8, look=9, turn=3)))
    assert record.state is PersonState.SEEN


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"cut": 0.8}, "a part of the person"),
        ({"depth": 30}, "somebody of another size"),
        ({"x": 420}, "somebody beside"),
    ],
)
def test_a_doubtful_detection_that_does_not_fit_the_expected_box_is_not_taken(
    changes: dict[str, Any], what: str
) -> None:
    shown = replace(Person(x=walker(8).x, score=0.6, presence=0.0), **changes)
    (record,) = followed(people(shown))
    assert record.state is PersonState.PREDICTED, what


def test_doubtful_detections_start_no_track_and_keep_no_tentative_one_alive() -> None:
    tracker = Tracker(TrackerParameters(tentative_misses=0))
    for time in range(8):
        assert tracker.update(people(doubtful(time)), time, FRAME_SIZE) == ()
        assert tracker.decision is not None
        assert tracker.decision.refused.tolist() == [0]
    assert len(tracker.tracks) == 0
    tracker.update(people(walker(8)), 8, FRAME_SIZE)
    tracker.update(people(doubtful(9)), 9, FRAME_SIZE)
    assert len(tracker.tracks) == 0


@pytest.mark.parametrize(
    ("score", "presence", "starts"),
    [(0.4, 0.85, True), (0.4, 0.75, False), (0.9, 0.35, True), (0.9, 0.25, False), (0.6, 0.65, True)],
)
def test_score_and_presence_together_start_a_track(score: float, presence: float, starts: bool) -> None:
    tracker = Tracker(TrackerParameters(start_evidence=1.2))
    tracker.update(people(Person(300, score=score, presence=presence)), 0, FRAME_SIZE)
    assert len(tracker.tracks) == starts


@pytest.mark.parametrize(("score", "presence", "goes_on"), [(0.45, 0.0, True), (0.35, 0.2, False), (0.35, 0.8, True)])
def test_a_weak_detection_continues_a_track_only_with_a_sure_body(
    score: float,
    presence: float,
    goes_on: bool,
) -> None:
    (record,) = followed(people(walker(8, score=score, presence=presence)))
    assert (record.state is PersonState.SEEN) is goes_on


def test_a_given_identity_starts_a_track_without_evidence() -> None:
    tracker = Tracker(TrackerParameters())
    tracker.update(
        people(Person(300, identity=7, score=0.1, presence=0), Person(900, annotated=True, score=0.1, presence=0)),
        0,
        FRAME_SIZE,
    )
    assert len(tracker.tracks) == 2


def test_upstream_does_not_know_doubtful_detections() -> None:
    (record,) = followed(people(doubtful(8)), compat="upstream")
    assert record.state is PersonState.PREDICTED


def test_on_a_new_shot_a_doubtful_detection_continues_nobody() -> None:
    tracker = Tracker(TrackerParameters())
    for time in range(8):
        tracker.update(people(walker(time)), time, FRAME_SIZE)
    (record,) = tracker.update(people(doubtful(8)), 8, FRAME_SIZE, shot=True)
    assert record.state is PersonState.PREDICTED


def test_a_sure_detection_is_preferred_to_a_doubtful_one() -> None:
    tracker = Tracker(TrackerParameters())
    for time in range(8):
        tracker.update(people(walker(time)), time, FRAME_SIZE)
    shown = people(doubtful(8), Person(x=walker(8).x + 10))
    (record,) = tracker.update(shown, 8, FRAME_SIZE)
    assert record.detection_index == 1
    assert len(tracker.update(nobody(), 9, FRAME_SIZE)) == 1
