"""Several videos of one client that names none: told apart by what their frames look like."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from tests.sessions.content.panning_video import FRAMES, Video, post
from tests.sessions.running_sessions import PATIENT, RunningSessions, run_sessions
from tests.sessions.synthetic_sessions import image, request
from tracker_service.sessions.frame import FrameAnswer
from tracker_service.types import UInt8

BLACK = np.zeros((8, 8, 3), np.uint8)


def black(number: int, look: UInt8) -> UInt8:
    return BLACK if 12 <= number < 18 else look


def black_later(number: int, look: UInt8) -> UInt8:
    return BLACK if 18 <= number < 24 else look


def frozen(scene: int) -> Callable[[int, UInt8], UInt8]:
    video = Video(scene)
    return lambda number, look: video.look(12) if 12 <= number < 20 else look


def after_cut(scene: int, at: int) -> Callable[[int, UInt8], UInt8]:
    other = Video(scene)
    return lambda number, look: look if number < at else other.look(number)


def in_text_order(scene: int) -> Callable[[int, UInt8], UInt8]:
    """The client sorts the names of its frames as text: frame 2 of what it sends is frame 10 of the video."""
    order, video = sorted(range(FRAMES), key=str), Video(scene)
    return lambda number, _: video.look(order[number])


async def by_four_workers(running: RunningSessions, video: Video, frames: int = FRAMES) -> list[FrameAnswer]:
    """Each worker takes the next frame when it has its answer."""
    waiting, answers = iter(range(frames)), dict[int, FrameAnswer]()

    async def worker() -> None:
        for number in waiting:
            answers[number] = await post(running, video, number)
            await asyncio.sleep(0.002)

    await asyncio.gather(*(worker() for _ in range(4)))
    return [answers[number] for number in range(frames)]


def numbers(answers: Sequence[FrameAnswer]) -> set[int]:
    """The videos that frames were answered in."""
    return {answer.video for answer in answers}


PAIRS = {
    "of one size": (Video(1), Video(2)),
    "of different sizes": (Video(1), Video(1, size=(1280, 720))),
    "black at the same time": (Video(1, change=black), Video(2, change=black)),
    "one black": (Video(1, change=black), Video(2)),
    "frozen": (Video(1, change=frozen(1)), Video(2, change=frozen(2))),
    "with cuts": (Video(1, change=after_cut(3, 15)), Video(2, change=after_cut(4, 22))),
    "in text order": (Video(1, change=in_text_order(1)), Video(2, change=in_text_order(2))),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_two_videos_at_once_are_two(pair: str) -> None:
    async def body(running: RunningSessions) -> None:
        parts = await asyncio.gather(*(by_four_workers(running, video) for video in PAIRS[pair]))
        seen = [
            numbers([answer for number, answer in enumerate(part) if video.look(number).any()])
            for video, part in zip(PAIRS[pair], parts, strict=True)
        ]
        assert sorted(map(sorted, seen)) == [[1], [2]]

    run_sessions(body, gap_seconds=1.5)


def test_black_frames_of_two_videos_are_told_apart_by_their_numbers() -> None:
    async def body(running: RunningSessions) -> None:
        videos = Video(1, change=black), Video(2, change=black_later)
        parts = await asyncio.gather(*(by_four_workers(running, video) for video in videos))
        assert sorted(map(sorted, map(numbers, parts))) == [[1], [2]]

    run_sessions(body, gap_seconds=1.5)


@pytest.mark.parametrize(
    "video",
    [
        Video(1),
        Video(1, change=black),
        Video(1, change=after_cut(3, 15)),
        Video(1, change=after_cut(3, 2)),
        Video(1, change=in_text_order(1)),
    ],
    ids=["plain", "black", "cut", "cut at its beginning", "in text order"],
)
def test_one_video_is_one(video: Video) -> None:
    async def body(running: RunningSessions) -> None:
        answers = await by_four_workers(running, video)
        assert numbers(answers) == {1}
        assert not any(answer.late for answer in answers)

    run_sessions(body, gap_seconds=PATIENT)


def test_all_frames_of_two_videos_at_once_in_any_order_are_two_videos() -> None:
    async def body(running: RunningSessions) -> None:
        first, second = Video(1), Video(2)
        order = [(video, number) for video in (first, second) for number in range(FRAMES)]
        Random(7).shuffle(order)
        answers = await asyncio.gather(*(post(running, video, number) for video, number in order))
        videos: dict[Video, set[int]] = {first: set(), second: set()}
        for (video, _), answer in zip(order, answers, strict=True):
            videos[video].add(answer.video)
        assert sorted(map(sorted, videos.values())) == [[1], [2]]

    run_sessions(body, gap_seconds=PATIENT)


def test_the_same_video_twice_at_once_gets_the_same_answers() -> None:
    async def body(running: RunningSessions) -> None:
        one, other = await asyncio.gather(*(by_four_workers(running, Video(1)) for _ in range(2)))
        assert one == other
        assert numbers(one) == {1}

    run_sessions(body, gap_seconds=PATIENT)


def test_three_videos_one_after_another_are_three() -> None:
    async def body(running: RunningSessions) -> None:
        for number, scene in enumerate((1, 2, 1), start=1):
            video = Video(scene)
            sent = [replace(video.request(at), digest=b"%d of %d" % (at, number)) for at in range(10)]
            answers = [await running.sessions.answer(one, image()) for one in sent]
            assert numbers(answers) == {number}

    run_sessions(body, gap_seconds=PATIENT)


def test_a_video_that_goes_on_where_an_unfinished_one_ended_is_another_one() -> None:
    async def body(running: RunningSessions) -> None:
        unfinished = await by_four_workers(running, Video(1), 20)
        other = await by_four_workers(running, Video(2))
        assert (numbers(unfinished), numbers(other)) == ({1}, {2})

    run_sessions(body, gap_seconds=PATIENT)


def test_frame_0_that_comes_late_belongs_to_the_video_that_it_looks_like() -> None:
    async def body(running: RunningSessions) -> None:
        video = Video(1)
        answers = [await post(running, video, number) for number in (1, 2, 3, 0)]
        assert [(answer.video, answer.late) for answer in answers] == [(1, False)] * 3 + [(1, True)]

    run_sessions(body)


def test_a_frame_given_up_before_its_video_is_known_is_forgotten() -> None:
    async def body(running: RunningSessions) -> None:
        await post(running, Video(1), 0)
        given_up = asyncio.create_task(post(running, Video(2), 1))
        await running.until_waiting(1)
        given_up.cancel()
        await running.until_waiting(0)
        assert (await post(running, Video(1), 1)).video == 1

    run_sessions(body, gap_seconds=PATIENT)


def test_a_frame_whose_video_is_not_known_is_answered_when_the_service_stops() -> None:
    async def body(running: RunningSessions) -> None:
        await post(running, Video(1), 0)
        waiting = asyncio.create_task(post(running, Video(2), 1))
        await running.until_waiting(1)
        await running.sessions.close(5)
        assert (await waiting).video == 1

    run_sessions(body, gap_seconds=PATIENT)


def test_the_video_that_was_idle_for_longest_is_forgotten_when_a_client_has_too_many() -> None:
    async def body(running: RunningSessions) -> None:
        first = Video(1).request(0)
        sent = [replace(first, size=(width, 1)) for width in range(1, 21)]
        assert [(await running.sessions.answer(one, image())).video for one in sent] == list(range(1, 21))
        assert (await running.sessions.answer(sent[19], image())).video == 20
        assert (await running.sessions.answer(sent[0], image())).video == 21

    run_sessions(body, gap_seconds=PATIENT)


def test_a_named_session_is_one_video_whatever_its_frames_look_like() -> None:
    async def body(running: RunningSessions) -> None:
        sent = [replace(request(number), size=(number + 1, 1)) for number in range(5)]
        assert numbers([await running.sessions.answer(one, image()) for one in sent]) == {1}

    run_sessions(body, gap_seconds=PATIENT)
