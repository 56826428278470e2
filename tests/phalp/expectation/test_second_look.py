from collections.abc import Callable

import numpy as np
import pytest

from tests.phalp.people import FRAME_SIZE, Person, nobody, people, walker
from tracker_service.phalp.expectation.plausibility import moved_boxes
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import Compatibility, TrackerParameters
from tracker_service.types import ExpectedPeople, Float32, FoundBy, FoundPeople, PersonState, TrackedPerson

Look = Callable[[ExpectedPeople, Float32], FoundPeople | None]


def followed(frames: int = 8, *others: Person, compat: Compatibility = "paper") -> Tracker:
    """A tracker that has followed a walker, and people who stand, to the last of so many frames."""
    tracker = Tracker(TrackerParameters(compat=compat))
    for time in range(frames):
        tracker.update(people(walker(time), *others), time, FRAME_SIZE)
    return tracker


def asked(tracker: Tracker, *shown: Person, shot: bool = False) -> list[ExpectedPeople]:
    """Show the tracker a ninth frame and return what it asks to look for."""
    requests: list[ExpectedPeople] = []

    def look(wanted: ExpectedPeople, _: Float32) -> None:
        requests.append(wanted)

    tracker.update(people(*shown), 8, FRAME_SIZE, shot=shot, look_again=look)
    return requests


def answering(*found: Person, track_id: int) -> Look:
    return lambda _wanted, _taken: FoundPeople(people(*found), np.full(len(found), track_id))


def of_track(records: tuple[TrackedPerson, ...], track_id: int) -> TrackedPerson:
    return next(record for record in records if record.track_id == track_id)


def test_a_missed_person_is_looked_for_where_expected() -> None:
    (wanted,) = asked(followed())
    assert (wanted.track_id.tolist(), wanted.frames_missed.tolist(), wanted.roll.tolist()) == ([1], [1], [0.0])
    left, _, right, _ = wanted.boxes[0]
    assert left < walker(8).x < right


def test_only_who_continues_a_track_is_not_looked_for_a_second_time() -> None:
    standing, told = Person(x=900), list[Float32]()

    def look(_: ExpectedPeople, taken: Float32) -> None:
        told.append(taken)

    nobodys = walker(8, presence=0.0, score=0.3)
    tracker = followed(8, standing)
    tracker.update(people(standing, nobodys), 8, FRAME_SIZE, look_again=look)
    np.testing.assert_array_equal(told, [people(standing).detections.boxes])


@pytest.mark.parametrize(("growth", "kept"), [(3.0, 1.25), (1.1, 1.1), (0.2, 0.8)])
def test_a_depth_far_off_does_not_blow_up_the_place_where_a_person_is_expected(growth: float, kept: float) -> None:
    last = followed().tracks.last
    expected = last.take(np.arange(1))
    expected.side = last.side * np.float32(growth)
    moved = moved_boxes(last, expected)
    np.testing.assert_allclose(moved[:, 2:] - moved[:, :2], kept * (last.box[:, 2:] - last.box[:, :2]), rtol=1e-4)


def test_nobody_is_looked_for_while_everybody_is_seen() -> None:
    assert asked(followed(), walker(8)) == []


def test_a_tentative_person_is_not_looked_for() -> None:
    assert asked(followed(frames=3)) == []


def test_nobody_is_looked_for_on_a_new_shot_or_as_upstream_does_it() -> None:
    assert asked(followed(), shot=True) == []
    assert asked(followed(compat="upstream")) == []


def test_a_person_behind_a_nearer_one_is_not_looked_for() -> None:
    in_front = Person(x=walker(8).x, depth=30, look=5)
    assert asked(followed(8, in_front), in_front) == []
    behind = Person(x=walker(8).x, depth=90, look=5)
    assert len(asked(followed(8, behind), behind)) == 1


def test_a_person_who_left_the_picture_is_not_looked_for() -> None:
    tracker = Tracker(TrackerParameters())
    for time in range(8):
        tracker.update(people(Person(x=1000 + 50 * time)), time, FRAME_SIZE)
    assert asked(tracker) == []


def test_whom_a_second_look_finds_is_seen() -> None:
    records = followed().update(nobody(), 8, FRAME_SIZE, look_again=answering(walker(8, score=0.2), track_id=1))
    found = of_track(records, 1)
    assert (found.state, found.found_by, found.detection_index) == (PersonState.SEEN, FoundBy.SECOND_LOOK, 0)
    assert found.score == pytest.approx(0.2)


def test_somebody_else_at_the_expected_place_is_not_taken() -> None:
    stranger = Person(x=walker(8).x + 150, depth=40, look=9, turn=3)
    records = followed().update(nobody(), 8, FRAME_SIZE, look_again=answering(stranger, track_id=1))
    assert of_track(records, 1).state is PersonState.PREDICTED


def test_a_find_counts_only_for_the_track_it_was_looked_for() -> None:
    standing = Person(x=900, look=4)
    tracker = followed(8, standing)
    records = tracker.update(nobody(), 8, FRAME_SIZE, look_again=answering(standing, track_id=1))
    assert {record.state for record in records} == {PersonState.PREDICTED}


def test_the_better_of_two_finds_is_taken() -> None:
    look = answering(Person(x=walker(8).x + 25, look=7), walker(8), track_id=1)
    records = followed().update(nobody(), 8, FRAME_SIZE, look_again=look)
    assert of_track(records, 1).detection_index == 1
