"""Clients that hang up, and the end of the service."""

import asyncio

import pytest

from tests.sessions.playing import PATIENT, Scene, play
from tests.sessions.scenes import Models, ids, open_scene
from tracker_service.errors import (
    SessionsClosedError,
)


def test_a_client_that_hangs_up_before_its_frame_is_computed_costs_nothing() -> None:
    async def body(scene: Scene) -> None:
        scene.models.gate.clear()
        running = [scene.post(0), scene.post(1)]
        await scene.until_batches(1)
        gone, others = scene.post(2), [scene.post(number) for number in (3, 4)]
        await scene.until_waiting(5)
        gone.cancel()
        await scene.until_waiting(4)
        scene.models.gate.set()
        answers = [await post for post in (*running, *others)]
        assert [answer.late for answer in answers] == [False] * 4
        assert 2 not in [number for batch in scene.models.batches for number in batch]

    play(body, window=2, workers=1)


def test_a_client_that_hangs_up_later_does_not_break_the_order() -> None:
    async def body(scene: Scene) -> None:
        scene.models.gate.clear()
        posts = [scene.post(number) for number in range(4)]
        await scene.until_batches(1)
        posts[1].cancel()
        scene.models.gate.set()
        answers = [await posts[number] for number in (0, 2, 3)]
        assert [ids(answer) for answer in answers] == [[1]] * 3
        assert ids(await scene.answer(1)) == [1]
        assert sum(batch.count(1) for batch in scene.models.batches) == 1

    play(body, gap_seconds=PATIENT)


def test_a_frame_can_be_sent_again_right_after_it_was_given_up() -> None:
    async def body(scene: Scene) -> None:
        scene.models.gate.clear()
        first = scene.post(0)
        await scene.until_batches(1)
        gone = scene.post(1)
        await scene.until_waiting(2)
        gone.cancel()
        await asyncio.sleep(0)
        again = scene.post(1)
        await asyncio.sleep(0)
        scene.models.gate.set()
        assert ids(await first) == ids(await again) == [1]

    play(body, gap_seconds=PATIENT, workers=1)


def test_closing_answers_what_was_accepted_without_waiting_for_missing_frames() -> None:
    async def main() -> None:
        models = Models()
        scene = Scene(models, open_scene(models, gap_seconds=PATIENT))
        await scene.answer(0)
        early = [scene.post(number) for number in (5, 9)]
        await scene.until_waiting(2)
        closing = asyncio.create_task(scene.sessions.close(5))
        assert [ids(await post) for post in early] == [[1], [1]]
        await closing
        with pytest.raises(SessionsClosedError, match="shutting down"):
            await scene.answer(10)
        assert scene.sessions.statistics().sessions == 0

    asyncio.run(main())


def test_what_is_not_answered_in_the_time_to_close_is_refused() -> None:
    async def main() -> None:
        models = Models()
        models.gate.clear()
        scene = Scene(models, open_scene(models, window=1, workers=1))
        posts = [scene.post(number) for number in range(3)]
        await scene.until_batches(1)
        await scene.sessions.close(0.05)
        results = await asyncio.gather(*posts, return_exceptions=True)
        assert [type(result) for result in results] == [SessionsClosedError] * 3
        models.gate.set()
        assert models.batches == [[0]]

    asyncio.run(main())


def test_closing_twice_or_unused_is_fine() -> None:
    async def main() -> None:
        sessions = open_scene(Models())
        await sessions.close(1)
        await sessions.close(1)

    asyncio.run(main())
