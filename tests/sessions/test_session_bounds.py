"""How many frames and sessions there may be, and what is forgotten."""

import asyncio
import gc
import weakref

import pytest

from harness.waiting import until
from tests.sessions.running_sessions import PATIENT, RunningSessions, run_sessions
from tests.sessions.synthetic_sessions import ids, image, request
from tracker_service.errors import (
    SessionsFullError,
)


def test_the_longest_idle_session_is_forgotten_when_there_are_too_many() -> None:
    async def body(running: RunningSessions) -> None:
        for client in ("a", "b", "c"):
            await running.answer(0, session=client)
        await running.answer(1, session="a")
        assert (await running.answer(0, session="d")).video == 1
        assert running.sessions.statistics().sessions == 3
        kept = len(running.models.batches)
        await running.answer(0, session="a")
        assert len(running.models.batches) == kept
        await running.answer(0, session="b")
        assert len(running.models.batches) == kept + 1

    run_sessions(body, gap_seconds=PATIENT, max_sessions=3)


def test_a_busy_session_is_not_forgotten_to_make_room() -> None:
    async def body(running: RunningSessions) -> None:
        early = [running.post(1, session=client) for client in ("a", "b")]
        await running.until_waiting(2)
        with pytest.raises(SessionsFullError, match="expected fewer than 2 busy sessions"):
            await running.answer(0, session="c")
        for client in ("a", "b"):
            await running.answer(0, session=client)
        assert [(await post).late for post in early] == [False, False]
        assert ids(await running.answer(0, session="c")) == [1]

    run_sessions(body, gap_seconds=PATIENT, max_sessions=2)


def test_sessions_make_room_for_others_of_the_same_client_and_not_of_one_that_has_fewer() -> None:
    async def body(running: RunningSessions) -> None:
        await running.answers(range(2), session="quiet", client="quiet")
        for number in range(8):
            await running.answer(0, session=f"many {number}", client="many")
        kept = len(running.models.batches)
        assert (await running.answer(2, session="quiet", client="quiet")).video == 1
        await running.answer(1, session="quiet", client="quiet")
        assert len(running.models.batches) == kept + 1  # the frame that was answered before is known still

    run_sessions(body, gap_seconds=PATIENT, max_sessions=4)


def test_a_client_whose_sessions_are_all_busy_takes_none_of_another_that_has_fewer() -> None:
    async def body(running: RunningSessions) -> None:
        await running.answer(0, session="quiet", client="quiet")
        early = [running.post(1, session=f"many {number}", client="many") for number in range(3)]
        await running.until_waiting(3)
        with pytest.raises(SessionsFullError):
            await running.answer(0, session="one more", client="many")
        for number in range(3):
            await running.answer(0, session=f"many {number}", client="many")
        await asyncio.gather(*early)

    run_sessions(body, gap_seconds=PATIENT, max_sessions=4)


def test_an_idle_session_expires_without_any_request() -> None:
    async def body(running: RunningSessions) -> None:
        await running.answer(0)
        assert running.sessions.statistics().sessions == 1
        while running.sessions.statistics().sessions:
            await asyncio.sleep(0.01)
        assert running.sessions.statistics().tracks_live == 0
        assert (await running.answer(7)).video == 1

    run_sessions(body, expiry_seconds=0.1)


def test_a_session_with_a_waiting_frame_is_not_forgotten() -> None:
    async def body(running: RunningSessions) -> None:
        early = running.post(1)
        await asyncio.sleep(0.3)
        assert running.sessions.statistics().sessions == 1
        await running.answer(0)
        assert not (await early).late

    run_sessions(body, gap_seconds=PATIENT, expiry_seconds=0.05)


def test_a_forgotten_session_leaves_nothing_in_memory() -> None:
    async def body(running: RunningSessions) -> None:
        answers = await running.answers(range(3), session="a")
        kept = weakref.ref(answers[0].result.persons[0].pose)
        del answers
        await running.answer(0, session="b")
        # The thread that associated the last frame may let go of it a moment after the answer.
        await asyncio.to_thread(until, lambda: gc.collect() >= 0 and kept() is None)

    run_sessions(body, max_sessions=1)


def test_an_image_is_freed_when_its_people_are_known_although_its_frame_still_waits() -> None:
    async def body(running: RunningSessions) -> None:
        sent = image()
        kept, known = weakref.ref(sent), asyncio.Event()
        post = asyncio.create_task(running.sessions.answer(request(1), sent, known.set))
        await asyncio.sleep(0)
        del sent
        await known.wait()
        # The thread that looked for them may let go of it a moment later.
        await asyncio.to_thread(until, lambda: gc.collect() >= 0 and kept() is None)
        assert not post.done()
        await running.answer(0)
        assert not (await post).late

    run_sessions(body, gap_seconds=PATIENT)
