import numpy as np
import pytest

from tests.results.frames import tracked_person
from tracker_service.sessions.person_memory import PersonMemory
from tracker_service.types import TrackedPerson

FRAME = (1000, 1000)


def person(track_id: int, size: float, *, age: int = 0, x: float = 0.0) -> TrackedPerson:
    """A person whose box is a square of ``size`` pixels."""
    appearance = np.full(4, track_id, np.float32)
    box = np.array([x, 0, x + size, size], np.float32)
    return tracked_person(track_id, age=age, box=box, appearance=appearance)


class Frames:
    """A memory and the main person of the frames it has seen."""

    def __init__(self) -> None:
        self.memory = PersonMemory()
        self.main_person: int | None = None

    def frame(self, *people: TrackedPerson) -> int | None:
        for one in people:
            if one.age == 0:
                self.memory.update(one, FRAME)
        main = self.memory.main(people, self.main_person)
        self.main_person = None if main is None else main.track_id
        return self.main_person

    def frames(self, count: int, *people: TrackedPerson) -> list[int | None]:
        return [self.frame(*people) for _ in range(count)]


@pytest.fixture
def video() -> Frames:
    return Frames()


def test_the_largest_of_the_first_people_is_the_main_person(video: Frames) -> None:
    assert video.frame(person(1, 100), person(2, 300), person(3, 200)) == 2


def test_without_people_there_is_no_main_person(video: Frames) -> None:
    assert video.frame() is None


def test_a_main_person_who_becomes_a_little_smaller_than_another_stays_the_main_one(video: Frames) -> None:
    video.frames(10, person(1, 300), person(2, 250))
    assert video.frames(50, person(1, 250), person(2, 300)) == [1] * 50


def test_a_main_person_lost_only_just_now_stays_the_main_one(video: Frames) -> None:
    video.frames(30, person(1, 300), person(2, 250))
    assert [video.frame(person(1, 300, age=age), person(2, 250)) for age in (1, 2, 3)] == [1, 1, 1]
    assert video.frame(person(1, 300), person(2, 250)) == 1


def test_a_predicted_person_does_not_speak_for_one_who_is_there(video: Frames) -> None:
    video.frames(30, person(1, 300), person(2, 200))
    assert [video.frame(person(1, 300, age=age), person(2, 200)) for age in range(1, 8)] == [1, 1, 1, 2, 2, 2, 2]
    assert video.frames(20, person(1, 300), person(2, 200)) == [2] * 20


def test_a_predicted_person_is_the_main_one_where_nobody_is_seen(video: Frames) -> None:
    video.frames(30, person(1, 300))
    assert [video.frame(person(1, 300, age=age)) for age in range(1, 40)] == [1] * 39


def test_a_detection_of_one_or_two_frames_does_not_take_the_place_of_a_predicted_person(video: Frames) -> None:
    video.frames(30, person(1, 300))
    assert [video.frame(person(1, 300, age=10 + seen), person(2, 250)) for seen in range(4)] == [1, 1, 2, 2]


def test_a_predicted_person_never_replaces_one_who_is_seen(video: Frames) -> None:
    video.frames(3, person(1, 100))
    assert video.frames(100, person(1, 100), person(2, 180)) == [1] * 100
    assert video.frames(9, person(1, 50), person(2, 800, age=1)) == [1] * 9


def test_another_becomes_the_main_person_when_the_track_ends_and_stays_it_when_it_comes_back(video: Frames) -> None:
    video.frames(10, person(1, 300), person(2, 250))
    assert video.frame(person(2, 250)) == 2
    assert video.frames(10, person(1, 300), person(2, 250)) == [2] * 10


def test_a_clearly_larger_person_becomes_the_main_one_after_a_while(video: Frames) -> None:
    video.frames(100, person(1, 100))
    mains = video.frames(10, person(1, 100), person(2, 600))
    assert mains[:3] == [1] * 3
    assert mains[-1] == 2


def test_a_false_detection_is_soon_no_longer_the_main_person(video: Frames) -> None:
    video.frame(person(1, 300), person(2, 250))
    assert video.frames(6, person(1, 300, age=1), person(2, 250))[-1] == 2


def test_the_person_seen_for_longest_becomes_the_main_one_rather_than_the_largest(video: Frames) -> None:
    video.frames(60, person(1, 300), person(2, 200))
    video.frames(20, person(1, 300), person(2, 200), person(3, 300))
    assert video.frame(person(2, 200), person(3, 300)) == 2


def test_what_lies_outside_the_frame_does_not_count_as_size(video: Frames) -> None:
    assert video.frame(person(1, 900, x=800), person(2, 600)) == 2


def test_appearance_and_sightings_are_remembered_of_the_last_128_people_only() -> None:
    memory = PersonMemory()
    for track_id in range(1, 130):
        memory.update(person(track_id, 100), FRAME)
    assert memory.appearance(1) is None
    assert memory.sightings(1) == 0
    assert [memory.sightings(track_id) for track_id in (2, 129)] == [1, 1]
    look = memory.appearance(129)
    assert look is not None
    assert look.tolist() == [129] * 4
