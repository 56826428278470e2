"""Which video a frame belongs to: retries, new videos, videos that come backwards."""

import asyncio

from tests.sessions.running_sessions import PATIENT, RunningSessions, run_sessions
from tests.sessions.synthetic_sessions import Models, ids, walkers
from tracker_service.sessions.frame import FrameAnswer


def test_a_retry_gets_the_same_answer_without_being_computed() -> None:
    async def body(running: RunningSessions) -> None:
        answers = await running.answers([0, 1, 2])
        assert await running.answer(1) is answers[1]
        assert await running.answer(2) is answers[2]
        assert running.models.batches == [[0], [1], [2]]

    run_sessions(body, gap_seconds=PATIENT)


def test_a_retry_of_a_frame_that_still_waits_gets_the_same_answer() -> None:
    async def body(running: RunningSessions) -> None:
        posts = [running.post(number) for number in (1, 1, 1)]
        await running.until_waiting(1)
        await running.answer(0)
        answers = [await post for post in posts]
        assert answers[0] is answers[1] is answers[2]
        assert sorted(number for batch in running.models.batches for number in batch) == [0, 1]

    run_sessions(body, gap_seconds=PATIENT)


def test_a_retry_outlives_the_first_request() -> None:
    async def body(running: RunningSessions) -> None:
        first = running.post(1)
        await running.until_waiting(1)
        retry = running.post(1)
        await asyncio.sleep(0)
        first.cancel()
        await running.answer(0)
        assert ids(await retry) == [1]

    run_sessions(body, gap_seconds=PATIENT)


def test_frame_0_with_other_content_begins_a_new_video() -> None:
    async def body(running: RunningSessions) -> None:
        await running.answers(range(3))
        answers = await running.answers(range(3), content=1)
        assert [(answer.video, answer.late, ids(answer)) for answer in answers] == [(2, False, [1])] * 3
        again = await running.answer(1, content=1)
        assert again is answers[1]

    run_sessions(body, gap_seconds=PATIENT)


def test_frame_0_after_later_frames_begins_a_new_video() -> None:
    async def body(running: RunningSessions) -> None:
        later = await running.answers([5, 6])
        first = await running.answer(0)
        assert [answer.video for answer in (*later, first)] == [1, 1, 2]
        assert not first.late

    run_sessions(body)


def test_any_number_with_other_content_begins_a_new_video() -> None:
    async def body(running: RunningSessions) -> None:
        await running.answers(range(5))
        answer = await running.answer(3, content=1)
        assert (answer.video, answer.late) == (2, False)
        assert (await running.answer(4, content=1)).video == 2

    run_sessions(body)


def test_a_number_whose_answer_is_no_longer_kept_begins_a_new_video() -> None:
    async def body(running: RunningSessions) -> None:
        await running.answers(range(10))
        assert (await running.answer(9)).video == 1
        assert (await running.answer(1)).video == 2

    run_sessions(body, history=4)


def test_a_lost_frame_that_comes_very_late_is_still_of_its_video() -> None:
    async def body(running: RunningSessions) -> None:
        await running.answers([number for number in range(20) if number != 3])
        answer = await running.answer(3)
        assert (answer.video, answer.late) == (1, True)

    run_sessions(body, history=4)


def test_a_video_sent_backwards_is_one_video() -> None:
    async def body(running: RunningSessions) -> None:
        answers = await running.answers(range(30, -1, -1))
        assert [(answer.video, ids(answer)) for answer in answers] == [(1, [1, 2])] * 31

    run_sessions(body, Models(people_of_frame=walkers))


def test_several_workers_may_send_a_video_backwards() -> None:
    async def body(running: RunningSessions) -> None:
        async def worker(first: int) -> list[FrameAnswer]:
            return await running.answers(range(first, -1, -4))

        answers = [answer for part in await asyncio.gather(*map(worker, (31, 30, 29, 28))) for answer in part]
        assert [(answer.video, ids(answer)) for answer in answers] == [(1, [1, 2])] * 32

    run_sessions(body, Models(people_of_frame=walkers))


def test_the_last_frames_of_a_video_are_assigned_to_it_although_the_next_has_begun() -> None:
    async def body(running: RunningSessions) -> None:
        await running.answers(range(20))
        waiting = running.post(21)
        await running.until_waiting(1)
        begun = await running.answer(0, content=1)
        straggler, after = await running.answer(20), await waiting
        assert (begun.video, straggler.video, after.video) == (2, 1, 1)
        assert not straggler.late
        assert not after.late
        assert (await running.answer(1, content=1)).video == 2
        assert (await running.answer(19)).video == 1

    run_sessions(body, gap_seconds=PATIENT)
