import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.results.frames import frame_result, tracked_person
from tracker_service.sessions.answers import RecordedAnswers
from tracker_service.sessions.frame import FrameAnswer
from tracker_service.sessions.number_ranges import NumberRanges


def answer(number: int, people: int = 0) -> FrameAnswer:
    persons = [tracked_person(track_id, number) for track_id in range(1, people + 1)]
    return FrameAnswer("s", 1, frame_result(number, *persons), None, detected=0, late=False, expected=False)


def recorded(*numbers: int, history: int = 100) -> RecordedAnswers:
    answers = RecordedAnswers(history)
    for number in numbers:
        answers.add(answer(number), b"%d" % number)
    return answers


def numbers(answers: list[FrameAnswer]) -> list[int]:
    return [one.result.frame_number for one in answers]


def test_an_answer_is_found_with_its_digest() -> None:
    record = recorded(3, 4).get(3)
    assert record is not None
    assert (record.answer.result.frame_number, record.digest) == (3, b"3")


@pytest.mark.parametrize("order", [range(10), range(9, -1, -1), [5, 0, 9, 1, 8, 2, 7, 3, 6, 4]])
def test_the_oldest_answer_is_forgotten_first(order: list[int]) -> None:
    answers = recorded(*order, history=4)
    assert len(answers) == 4
    assert [number for number in order if answers.get(number) is not None] == list(order)[-4:]
    assert all(number in answers for number in order)
    assert 10 not in answers


@pytest.mark.parametrize(("people", "kept"), [(0, 10), (4, 10), (5, 8), (20, 2), (50, 1)])
def test_of_crowded_videos_fewer_answers_are_kept(people: int, kept: int) -> None:
    answers = RecordedAnswers(10)
    for number in range(30):
        answers.add(answer(number, people), b"")
    assert len(answers) == kept
    assert [number for number in range(30) if answers.get(number) is not None] == list(range(30 - kept, 30))
    assert answers.around(30, 30)[0][0].result.frame_number == 29


def test_neighbours_come_nearest_first_and_within_reach() -> None:
    answers = recorded(1, 5, 8, 9, 12, 20, 31)
    before, after = answers.around(10, 10)
    assert (numbers(before), numbers(after)) == ([9, 8, 5, 1], [12, 20])
    before, after = answers.around(0, 4)
    assert (numbers(before), numbers(after)) == ([], [1])


@pytest.mark.parametrize(("number", "nearest"), [(0, 1), (2, 1), (4, 5), (7, 5), (100, 9)])
def test_the_nearest_answer(number: int, nearest: int) -> None:
    found = recorded(1, 5, 9).nearest(number)
    assert found is not None
    assert found.result.frame_number == nearest


def test_without_answers_there_is_no_nearest_one() -> None:
    assert recorded().nearest(3) is None


@given(st.lists(st.integers(0, 60)), st.integers(0, 61))
def test_ranges_hold_exactly_what_was_added(added: list[int], asked: int) -> None:
    ranges = NumberRanges()
    for number in added:
        ranges.add(number)
    assert (asked in ranges) == (asked in added)


def test_ranges_forget_the_lowest_when_there_are_too_many() -> None:
    ranges = NumberRanges()
    for number in range(0, 2 * 300, 2):
        ranges.add(number)
    assert 0 not in ranges
    assert 2 * 299 in ranges
    assert sum(number in ranges for number in range(600)) == 256
