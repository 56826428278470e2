"""Whatever the order, the workers and the missed detections: one answer a frame, with stable ids."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.coroutines import result_of
from tests.phalp.people import Person
from tests.sessions.synthetic_sessions import Models, ids, image, open_sessions, request, walkers
from tracker_service.sessions.frame import FrameAnswer

FRAMES = 12


@dataclass(frozen=True)
class Run:
    """How the frames of a video are sent.

    Attributes:
        first: number of the first frame.
        order: offsets of the frames in the order in which workers take them.
        workers: how many workers post frames, each one after another.
        missed: offsets of frames in which nobody is detected.
        repeated: offsets of frames that are sent twice.
        impatient: offsets of frames whose first request is cancelled.
    """

    first: int
    order: Sequence[int]
    workers: int
    missed: frozenset[int]
    repeated: frozenset[int]
    impatient: frozenset[int]


offsets = st.frozensets(st.integers(0, FRAMES - 1), max_size=5)
runs = st.builds(
    Run,
    first=st.sampled_from([1, 7, 10**9]),
    order=st.permutations(range(FRAMES)),
    workers=st.integers(1, 5),
    missed=offsets,
    repeated=offsets,
    impatient=offsets,
)


def send(run: Run) -> list[FrameAnswer]:
    """Return the answers in the order of the frames; every repeated request must have got the same."""

    def people_of_frame(number: int) -> list[Person]:
        return [] if number - run.first in run.missed else walkers(number)

    async def main() -> list[FrameAnswer]:
        sessions = open_sessions(Models(people_of_frame=people_of_frame), gap_seconds=0.01)
        waiting = list(reversed(run.order))
        answers: dict[int, FrameAnswer] = {}

        async def post(offset: int) -> None:
            sent = request(run.first + offset)
            if offset in run.impatient:
                given_up = asyncio.create_task(sessions.answer(sent, image()))
                await asyncio.sleep(0.001 * (offset % 3))
                given_up.cancel()
            answers[offset] = await sessions.answer(sent, image())
            if offset in run.repeated:
                assert await sessions.answer(sent, image()) is answers[offset]

        async def worker() -> None:
            while waiting:
                await post(waiting.pop())

        await asyncio.gather(*(worker() for _ in range(run.workers)))
        await sessions.close(5)
        return [answers[offset] for offset in range(FRAMES)]

    return result_of(asyncio.wait_for(main(), timeout=60))


@given(runs)
@settings(max_examples=25)
def test_every_frame_has_one_answer_and_everybody_one_id(run: Run) -> None:
    answers = send(run)
    assert [answer.result.frame_number for answer in answers] == [run.first + offset for offset in range(FRAMES)]
    assert {answer.video for answer in answers} == {1}
    looks = {0: set[int](), 1: set[int]()}
    for offset, answer in enumerate(answers):
        assert answer.detected == (0 if offset in run.missed else 2)
        seen = [person for person in answer.result.persons if person.age == 0]
        for person in seen:
            looks[person.detection_index].add(person.track_id)
        assert len(seen) == answer.detected
        assert len(set(ids(answer))) == len(ids(answer))
        if answer.expected:
            assert answer.main is not None
    assert all(len(track_ids) <= 1 for track_ids in looks.values())
    assert not looks[0] & looks[1]


@given(st.permutations(range(FRAMES)))
@settings(max_examples=10)
def test_frames_that_start_with_0_and_all_wait_for_each_other_are_answered_as_in_order(order: list[int]) -> None:
    """With as many workers as frames nothing is skipped, so the answers are those of a single worker in order."""
    in_order = send(Run(0, range(FRAMES), 1, frozenset({4, 5}), frozenset(), frozenset()))
    at_once = send(Run(0, order, FRAMES, frozenset({4, 5}), frozenset(), frozenset()))
    for expected, got in zip(in_order, at_once, strict=True):
        assert ids(got) == ids(expected)
        assert [person.tracking_confidence for person in got.result.persons] == [
            person.tracking_confidence for person in expected.result.persons
        ]
