"""Looking round for people whom nobody knows yet."""

from dataclasses import replace

import numpy as np

from tests.phalp.people import FRAME_SIZE, Person, nobody, people, walker
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Float32, FoundBy, People, PersonState

PARAMETERS = TrackerParameters()
DOUBTFUL = Person(x=900, score=0.35, presence=0.4)


class Look:
    """Looks round, remembers where, and finds the people given; none at all means that it did not look."""

    def __init__(self, *found: Person, looks: bool = True) -> None:
        self._found, self._looks = people(*found), looks
        self.asked: list[tuple[Float32, Float32]] = []

    def __call__(self, doubtful: Float32, taken: Float32) -> People | None:
        self.asked.append((doubtful, taken))
        return self._found if self._looks else None


def followed(frames: int) -> Tracker:
    tracker = Tracker(PARAMETERS)
    for time in range(frames):
        tracker.update(people(walker(time)), time, FRAME_SIZE)
    return tracker


def test_whom_it_finds_begins_a_track() -> None:
    tracker = Tracker(replace(PARAMETERS, live=True))
    (record,) = tracker.update(nobody(), 0, FRAME_SIZE, look_round=Look(walker(0)))
    assert (record.state, record.found_by, record.detection_index) == (PersonState.SEEN, FoundBy.SECOND_LOOK, 0)


def test_whom_it_finds_frame_after_frame_is_one_person() -> None:
    tracker = Tracker(PARAMETERS)
    reported = [
        record
        for time in range(8)
        for record in tracker.update(nobody(), time, FRAME_SIZE, look_round=Look(walker(time)))
    ]
    assert [record.track_id for record in reported] == [1] * 8
    assert sorted(record.frame_number for record in reported) == list(range(8))


def test_it_is_told_of_doubtful_boxes_and_of_people_who_were_seen() -> None:
    look = Look(looks=False)
    Tracker(PARAMETERS).update(people(walker(0), DOUBTFUL), 0, FRAME_SIZE, look_round=look)
    ((doubtful, taken),) = look.asked
    np.testing.assert_array_equal(doubtful, people(DOUBTFUL).detections.boxes)
    np.testing.assert_array_equal(taken, people(walker(0)).detections.boxes)


def test_a_doubtful_box_that_continues_a_person_is_not_looked_at() -> None:
    tracker, look = followed(8), Look(looks=False)
    tracker.update(people(walker(8, score=0.5, presence=0.4)), 8, FRAME_SIZE, look_round=look)
    ((doubtful, taken),) = look.asked
    assert (len(doubtful), len(taken)) == (0, 1)


def test_nobody_new_is_looked_for_while_somebody_who_is_expected_is_missing() -> None:
    tracker, look = followed(8), Look(walker(8))
    tracker.update(nobody(), 8, FRAME_SIZE, look_round=look)
    assert look.asked == []


def test_after_a_look_that_found_nobody_it_waits() -> None:
    tracker, look = Tracker(PARAMETERS), Look()
    for time in range(11):
        tracker.update(nobody(), time, FRAME_SIZE, look_round=look)
    assert len(look.asked) == 3


def test_it_does_not_wait_on_a_new_shot_nor_where_there_was_no_reason_to_look() -> None:
    tracker, look, none = Tracker(PARAMETERS), Look(), Look(looks=False)
    for time in range(3):
        tracker.update(nobody(), time, FRAME_SIZE, shot=True, look_round=look)
    for time in range(10, 13):
        tracker.update(nobody(), time, FRAME_SIZE, look_round=none)
    assert (len(look.asked), len(none.asked)) == (3, 3)


def test_upstream_does_not_look_round() -> None:
    look = Look(walker(0))
    Tracker(replace(PARAMETERS, compat="upstream")).update(nobody(), 0, FRAME_SIZE, look_round=look)
    assert look.asked == []


def test_a_restored_tracker_goes_on_waiting() -> None:
    tracker, look = Tracker(PARAMETERS), Look()
    tracker.update(nobody(), 0, FRAME_SIZE, look_round=look)
    restored = Tracker.restore(tracker.snapshot(), PARAMETERS)
    for time in range(1, 6):
        restored.update(nobody(), time, FRAME_SIZE, look_round=look)
    assert len(look.asked) == 2
