"""Where people are expected: with a camera that moves, and how surely."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.phalp.people import FRAME_SIZE, Person, nobody, people, walker
from tests.phalp.test_tracker_properties import scenes
from tracker_service.phalp.expectation.carrying import carried
from tracker_service.phalp.expectation.uncertainty import errors, uncertainty
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import Compatibility, TrackerParameters
from tracker_service.types import CameraMotion, Float64, FoundPeople, PersonState, TrackedPerson

PAN = 40
"""Pixels the picture moves from frame to frame where the camera pans."""


def shift(x: float, y: float = 0.0) -> CameraMotion:
    return CameraMotion(np.array([[1.0, 0, x], [0, 1, y], [0, 0, 1]]))


def values(records: Sequence[TrackedPerson]) -> list[list[Any]]:
    return [[np.asarray(getattr(record, name)).tolist() for name in TrackedPerson.__slots__] for record in records]


def swayed(time: int, amplitude: float = 200.0) -> float:
    """Where a camera that sways has moved the picture to, pixels; up to 80 from frame to frame."""
    return amplitude * float(np.sin(0.4 * time))


def swaying(tracker: Tracker, time: int, *persons: Person, known: bool = True) -> tuple[TrackedPerson, ...]:
    """Show the tracker people who stand in front of the background while the camera sways."""
    moved = [Person(x=one.x + swayed(time), look=one.look) for one in persons]
    motion = shift(swayed(time) - swayed(time - 1))
    return tracker.update(people(*moved), time, FRAME_SIZE, motion=motion if known else None)


@given(scenes, st.sampled_from(["paper", "upstream"]))
@settings(max_examples=15)
def test_a_camera_that_stands_still_changes_nothing(frames: list[list[Person]], compat: Compatibility) -> None:
    trackers = [Tracker(TrackerParameters(compat=compat)) for _ in range(3)]
    for time, persons in enumerate(frames):
        motions = (None, CameraMotion.none(), CameraMotion(shift(50).matrix, confidence=0))
        told = [
            values(tracker.update(people(*persons), time, FRAME_SIZE, motion=motion))
            for tracker, motion in zip(trackers, motions, strict=True)
        ]
        assert told[0] == told[1] == told[2]


def test_upstream_knows_no_camera() -> None:
    told = []
    for known in (True, False):
        tracker = Tracker(TrackerParameters(compat="upstream"))
        told.append([values(swaying(tracker, time, Person(640), known=known)) for time in range(12)])
    assert told[0] == told[1]


def test_people_in_front_of_a_swaying_background_are_expected_with_it() -> None:
    errors_of: dict[bool, float] = {}
    for known in (True, False):
        tracker = Tracker(TrackerParameters())
        for time in range(16):
            swaying(tracker, time, Person(640), known=known)
        for time in range(16, 21):
            (record,) = swaying(tracker, time, known=known)
        errors_of[known] = abs(float(record.center[0]) - 640 - swayed(20))
    assert errors_of[True] < 5
    assert errors_of[False] > 100


def test_somebody_whom_the_camera_follows_is_expected_where_he_is_in_the_picture() -> None:
    tracker = Tracker(TrackerParameters())
    for time in range(16):
        seen = people(Person(640)) if time < 11 else nobody()
        (record, *_) = tracker.update(seen, time, FRAME_SIZE, motion=shift(-PAN)) or (None,)
    assert record is not None
    assert record.state is PersonState.PREDICTED
    assert abs(record.center[0] - 640) < 5


def test_people_of_both_kinds_are_told_apart_beside_each_other() -> None:
    tracker = Tracker(TrackerParameters())
    for time in range(14):
        standing = Person(x=1500 - PAN * time, depth=80, look=3)
        tracker.update(people(Person(400), standing), time, FRAME_SIZE, motion=shift(-PAN))
    followed, standing_still = tracker.tracks.mean_squares
    assert followed[0] < followed[1]
    assert standing_still[1] < standing_still[0]


positions = st.lists(st.tuples(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5)), min_size=1, max_size=5)


@given(positions, st.floats(-0.5, 0.5), st.floats(0.8, 1.25), st.floats(-100, 100))
def test_what_is_carried_there_and_back_stays(
    places: list[tuple[float, float]], angle: float, scale: float, x: float
) -> None:
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    matrix = np.array([[cos, -sin, x], [sin, cos, 7], [0, 0, 1]])
    before = np.array(places, np.float32)
    there = carried(before, CameraMotion(matrix), FRAME_SIZE)
    back = carried(there, CameraMotion(np.linalg.inv(matrix)), FRAME_SIZE)
    np.testing.assert_allclose(back, before, atol=1e-5)


def test_carrying_moves_as_many_pixels_as_the_picture_moved() -> None:
    middle = np.array([[0.5, 0.5]], np.float32)
    moved = carried(middle, shift(64, -32), FRAME_SIZE)
    np.testing.assert_allclose((moved - middle) * max(FRAME_SIZE), [[64, -32]], atol=1e-3)


def at(u: float, v: float, depth: float) -> Float64:
    vector = np.zeros((1, 99))
    vector[:, 88:90], vector[:, 92] = (u, v), depth
    return vector


@given(st.floats(0.1, 0.9), st.floats(5, 200), st.floats(-0.2, 0.2), st.integers(1, 40))
def test_an_error_is_counted_in_body_heights_a_frame(u: float, depth: float, heights: float, steps: int) -> None:
    height = 5000 / 256 * 1.7 / depth
    predicted = np.array([[[u + heights * height, 0.5], [u, 0.5]]])
    squares = errors(predicted, at(u, 0.5, depth).astype(np.float32), np.array([steps]))
    np.testing.assert_allclose(np.sqrt(squares[0]), [abs(heights) / steps, 0], atol=2e-5 / height)
    np.testing.assert_allclose(uncertainty(squares[:, :1], np.array([steps])), abs(heights), atol=2e-5 / height)


def missed(tracker: Tracker, since: int, until: int, **options: Any) -> list[PersonState]:
    """Return the state of the first person in every frame in which nobody is shown."""
    return [tracker.update(nobody(), time, FRAME_SIZE, **options)[0].state for time in range(since, until)]


def lost_after(*, jitter: float) -> int:
    """Frames after which a walker whose steps scatter is given up, of 45."""
    rng = np.random.default_rng(4)
    tracker = Tracker(TrackerParameters())
    for time in range(20):
        tracker.update(people(Person(x=200 + 4 * time + jitter * rng.normal())), time, FRAME_SIZE)
    return missed(tracker, 20, 65).count(PersonState.PREDICTED)


def test_those_who_move_evenly_are_predicted_for_longer() -> None:
    assert lost_after(jitter=0) == 45
    assert 2 < lost_after(jitter=20) < lost_after(jitter=8) < 45


def test_a_lost_person_who_comes_back_has_the_same_identity() -> None:
    rng = np.random.default_rng(4)
    tracker = Tracker(TrackerParameters())
    for time in range(20):
        tracker.update(people(Person(x=600 + 20 * rng.normal())), time, FRAME_SIZE)
    assert missed(tracker, 20, 50)[-1] is PersonState.LOST
    (record,) = tracker.update(people(Person(x=600)), 50, FRAME_SIZE)
    assert (record.track_id, record.state, record.age) == (1, PersonState.SEEN, 0)


def test_a_place_that_was_plainly_empty_several_times_is_given_up() -> None:
    tracker = Tracker(TrackerParameters(empty_looks=3))
    for time in range(10):
        tracker.update(people(walker(time)), time, FRAME_SIZE)
    looked: list[int] = []

    def look(wanted: Any, _: Any) -> None:
        looked.extend(wanted.frames_missed.tolist())

    states = missed(tracker, 10, 20, look_again=look)
    assert states == [PersonState.PREDICTED] * 2 + [PersonState.LOST] * 8
    # A lost person is looked for now and then.
    assert looked == [1, 2, 3, 6, 9]


def test_somebody_implausible_at_the_place_does_not_make_it_empty() -> None:
    tracker = Tracker(TrackerParameters(empty_looks=3))
    for time in range(10):
        tracker.update(people(walker(time)), time, FRAME_SIZE)
    other = FoundPeople(people(Person(x=walker(10).x, depth=8, look=9, turn=3)), np.array([1]))
    states = missed(tracker, 10, 20, look_again=lambda _wanted, _taken: other)
    assert states == [PersonState.PREDICTED] * 10


@pytest.mark.parametrize("compat", ["paper", "upstream"])
def test_upstream_loses_nobody(compat: Compatibility) -> None:
    tracker = Tracker(TrackerParameters(compat=compat))
    rng = np.random.default_rng(4)
    for time in range(20):
        tracker.update(people(Person(x=600 + 20 * rng.normal())), time, FRAME_SIZE)
    assert (PersonState.LOST in missed(tracker, 20, 50)) is (compat == "paper")
