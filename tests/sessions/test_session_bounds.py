"""How many frames and sessions there may be, and what is forgotten."""

import asyncio
import gc
import weakref

import pytest

from tests.sessions.playing import PATIENT, Scene, play
from tests.sessions.scenes import ids, request
from tracker_service.errors import (
    SessionsFullError,
)


def test_too_many_waiting_frames_are_refused_but_not_their_retries() -> None:
    async def body(scene: Scene) -> None:
        scene.models.gate.clear()
        posts = [scene.post(number) for number in range(4)]
        await scene.until_waiting(4)
        with pytest.raises(SessionsFullError, match="expected fewer than 4 frames waiting"):
            await scene.answer(4)
        with pytest.raises(SessionsFullError):
            await scene.answer(0, session="other")
        retry = scene.post(2)
        await asyncio.sleep(0)
        scene.models.gate.set()
        assert await retry is await posts[2]
        assert [ids(await post) for post in posts] == [[1]] * 4
        assert (await scene.answer(4)).video == 1

    play(body, gap_seconds=PATIENT, frames_waiting=4)


def test_the_longest_idle_session_makes_room() -> None:
    async def body(scene: Scene) -> None:
        for client in ("a", "b", "c"):
            await scene.answer(0, session=client)
        await scene.answer(1, session="a")
        assert (await scene.answer(0, session="d")).video == 1
        assert scene.sessions.statistics().sessions == 3
        kept = len(scene.models.batches)
        await scene.answer(0, session="a")
        assert len(scene.models.batches) == kept
        await scene.answer(0, session="b")
        assert len(scene.models.batches) == kept + 1

    play(body, gap_seconds=PATIENT, max_sessions=3)


def test_a_busy_session_is_not_forgotten_to_make_room() -> None:
    async def body(scene: Scene) -> None:
        early = [scene.post(1, session=client) for client in ("a", "b")]
        await scene.until_waiting(2)
        with pytest.raises(SessionsFullError, match="expected fewer than 2 busy sessions"):
            await scene.answer(0, session="c")
        for client in ("a", "b"):
            await scene.answer(0, session=client)
        assert [(await post).late for post in early] == [False, False]
        assert ids(await scene.answer(0, session="c")) == [1]

    play(body, gap_seconds=PATIENT, max_sessions=2)


def test_an_idle_session_is_forgotten_without_anybody_asking() -> None:
    async def body(scene: Scene) -> None:
        await scene.answer(0)
        assert scene.sessions.statistics().sessions == 1
        while scene.sessions.statistics().sessions:
            await asyncio.sleep(0.01)
        assert scene.sessions.statistics().tracks_live == 0
        assert (await scene.answer(7)).video == 1

    play(body, expiry_seconds=0.1)


def test_a_session_with_a_waiting_frame_is_not_forgotten() -> None:
    async def body(scene: Scene) -> None:
        early = scene.post(1)
        await asyncio.sleep(0.3)
        assert scene.sessions.statistics().sessions == 1
        await scene.answer(0)
        assert not (await early).late

    play(body, gap_seconds=PATIENT, expiry_seconds=0.05)


def test_nothing_of_a_forgotten_session_stays_in_memory() -> None:
    async def body(scene: Scene) -> None:
        answers = await scene.answers(range(3), session="a")
        kept = weakref.ref(answers[0].result.persons[0].pose)
        del answers
        await scene.answer(0, session="b")
        gc.collect()
        assert kept() is None

    play(body, max_sessions=1)


def test_images_are_freed_when_their_people_are_known() -> None:
    async def body(scene: Scene) -> None:
        sent = request(1)
        image = weakref.ref(sent.image)
        post = asyncio.create_task(scene.sessions.answer(sent))
        await scene.until_batches(1)
        await scene.answer(0)
        await post
        del sent, post
        gc.collect()
        assert image() is None

    play(body, gap_seconds=PATIENT)
