from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from tests.phalp.people import FRAME_SIZE, Person, nobody, people
from tests.phalp.test_tracker_properties import scenes
from tracker_service.errors import SettingsError
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import People, PersonState, TrackedPerson


def live(**changes: Any) -> TrackerParameters:
    return TrackerParameters(live=True, **changes)


def run(frames: list[People], parameters: TrackerParameters | None = None) -> list[tuple[TrackedPerson, ...]]:
    tracker = Tracker(parameters or live())
    return [tracker.update(given, time, FRAME_SIZE) for time, given in enumerate(frames)]


def shown(answers: list[tuple[TrackedPerson, ...]]) -> list[dict[int, str]]:
    return [{person.track_id: person.state.value[0] for person in answer} for answer in answers]


def walker(time: int, **changes: Any) -> Person:
    return Person(x=200 + 4 * time, **changes)


STRANGER = Person(1000, look=9)


def test_a_person_is_reported_from_the_first_sighting_on_and_nothing_is_back_filled() -> None:
    tracker = Tracker(live())
    for time in range(10):
        (person,) = tracker.update(people(walker(time)), time, FRAME_SIZE)
        assert (person.track_id, person.frame_number, person.age) == (1, time, 0)
        assert tracker.pending_since is None


def test_a_tentative_person_is_predicted_when_missed() -> None:
    answers = run([people(walker(0)), people(walker(1)), nobody(), nobody(), people(walker(4))])
    assert shown(answers) == [{1: "s"}, {1: "s"}, {1: "p"}, {1: "p"}, {1: "s"}]
    assert [answer[0].tracking_confidence for answer in answers] == pytest.approx([1, 1, 0.95, 0.95**2, 1])


def test_a_person_seen_once_is_predicted_until_the_track_is_too_old() -> None:
    answers = run([people(Person(600)), *[nobody()] * 12], live(max_age_track=10))
    assert shown(answers) == [{1: "s"}, *[{1: "p"}] * 8, *[{1: "l"}] * 2, {}, {}]


def test_missed_tentative_track_is_left_out_beside_other_people_after_a_few_frames() -> None:
    frames = [people(walker(time), *([STRANGER] if time == 6 else [])) for time in range(14)]
    assert shown(run(frames))[5:] == [{1: "s"}, {1: "s", 2: "s"}, *[{1: "s", 2: "p"}] * 3, *[{1: "s"}] * 4]


def test_missed_tentative_track_is_reported_again_once_it_is_seen_and_keeps_its_identity() -> None:
    frames = [people(walker(time), *([STRANGER] if time in (6, 20) else [])) for time in range(22)]
    assert shown(run(frames))[19:] == [{1: "s"}, {1: "s", 2: "s"}, {1: "s", 2: "p"}]


def test_missed_tentative_track_is_reported_when_there_is_no_other_track() -> None:
    frames = [people(Person(600)), *[nobody()] * 20]
    assert shown(run(frames))[5] == {1: "p"}
    assert shown(run(frames))[-1] == {1: "l"}


@pytest.mark.parametrize(("break_length", "confirmed"), [(3, True), (4, False)])
def test_sightings_confirm_only_without_a_longer_break(break_length: int, confirmed: bool) -> None:
    tracker = Tracker(live())
    seen = [True] * 4 + [False] * break_length + [True]
    for time, there in enumerate(seen):
        tracker.update(people(Person(600)) if there else nobody(), time, FRAME_SIZE)
    assert tracker.tracks.confirmed.tolist() == [confirmed]
    assert tracker.tracks.track_id.tolist() == [1]


def test_person_predicted_outside_the_frame_is_reported_only_when_nobody_else_is() -> None:
    leaving = [Person(1000 + 40 * time) for time in range(7)]
    alone = run([*[people(person) for person in leaving], *[nobody()] * 12])
    assert all(len(answer) == 1 for answer in alone)
    assert alone[-1][0].box[0] > FRAME_SIZE[0]
    other = Person(300, look=4)
    together = run([*[people(person, other) for person in leaving], *[people(other)] * 12])
    assert len(together[-1]) == 1
    assert together[-1][0].state is PersonState.SEEN


def runs_of_ten(seed: int, frames: int) -> list[bool]:
    """True where a detection is suppressed: 36 % of the frames, in runs of ten."""
    missing = np.random.default_rng(seed).permutation(frames // 10)[: round(0.36 * frames / 10)]
    return [frame // 10 in missing for frame in range(frames)]


def at_random(seed: int, frames: int) -> list[bool]:
    missing = np.random.default_rng(seed).permutation(frames)[: round(0.36 * frames)]
    return [frame in missing for frame in range(frames)]


@pytest.mark.parametrize("pattern", [at_random, runs_of_ten])
@pytest.mark.parametrize("seed", range(8))
def test_with_36_percent_of_detections_suppressed_every_frame_has_the_same_person(pattern: Any, seed: int) -> None:
    suppressed = pattern(seed, 140)
    first = suppressed.index(False)
    answers = run([nobody() if gone else people(walker(time)) for time, gone in enumerate(suppressed)])
    assert [[person.track_id for person in answer] for answer in answers] == [[]] * first + [[1]] * (140 - first)


@given(scenes)
@settings(max_examples=30)
def test_a_live_frame_is_empty_only_when_no_track_lives(frames: list[list[Person]]) -> None:
    tracker = Tracker(live(max_age_track=8))
    for time, persons in enumerate(frames):
        answer = tracker.update(people(*persons), time, FRAME_SIZE)
        assert bool(answer) == bool(len(tracker.tracks))
        seen = sorted(person.detection_index for person in answer if person.state is PersonState.SEEN)
        assert seen == list(range(len(persons)))


def test_a_live_run_goes_on_from_a_snapshot() -> None:
    frames = [people(walker(time), *([STRANGER] if time % 5 == 0 else [])) for time in range(30)]
    whole = Tracker(live())
    for time in range(12):
        whole.update(frames[time], time, FRAME_SIZE)
    again = Tracker.restore(whole.snapshot(), live())
    for time in range(12, 30):
        expected, got = (tracker.update(frames[time], time, FRAME_SIZE) for tracker in (whole, again))
        assert shown([got]) == shown([expected])
        np.testing.assert_array_equal([person.pose for person in got], [person.pose for person in expected])


def test_a_new_identity_is_never_given_to_a_track() -> None:
    tracker = Tracker(live())
    tracker.update(people(Person(200)), 0, FRAME_SIZE)
    assert tracker.new_identity() == 2
    answer = tracker.update(people(Person(200), Person(900, look=3)), 1, FRAME_SIZE)
    assert [person.track_id for person in answer] == [1, 3]


def test_upstream_cannot_answer_live() -> None:
    with pytest.raises(SettingsError, match="live: expected compat paper, got upstream"):
        live(compat="upstream")


@pytest.mark.parametrize(("gap", "known"), [(51, True), (52, False), (10**12, False)])
def test_left_out_frames_end_the_tracks_that_would_have_ended_in_them(gap: int, known: bool) -> None:
    tracker = Tracker(live())
    tracker.update(people(Person(600)), 0, FRAME_SIZE)
    (person,) = tracker.update(people(Person(600)), gap, FRAME_SIZE)
    assert person.track_id == (1 if known else 2)
