import asyncio
import gc
import weakref
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from tests.phalp.people import Person
from tests.sessions.scenes import TRACKING, Models, ids, open_scene, request, states, walker, walkers
from tracker_service.errors import (
    InferenceFailedError,
    InferenceUnavailableError,
    ModelContractError,
    SessionError,
    SessionsClosedError,
    SessionsFullError,
)
from tracker_service.phalp.tracker import Tracker
from tracker_service.sessions.frame import LARGEST_FRAME_NUMBER, FrameAnswer
from tracker_service.sessions.parameters import SessionParameters
from tracker_service.sessions.sessions import FrameSessions
from tracker_service.sessions.video import LiveVideo

PATIENT = 10.0
"""A gap time that no test waits for: frames are in order or the test hangs and fails."""


class Scene:
    """Sessions and the models under them."""

    def __init__(self, models: Models, sessions: FrameSessions) -> None:
        self.models = models
        self.sessions = sessions

    def post(self, number: int, **options: Any) -> asyncio.Task[FrameAnswer]:
        return asyncio.create_task(self.sessions.answer(request(number, **options)))

    async def answer(self, number: int, **options: Any) -> FrameAnswer:
        return await self.sessions.answer(request(number, **options))

    async def answers(self, numbers: Sequence[int], **options: Any) -> list[FrameAnswer]:
        return [await self.answer(number, **options) for number in numbers]

    async def until_waiting(self, count: int) -> None:
        while self.sessions.statistics().frames_waiting != count:
            await asyncio.sleep(0.001)

    async def until_batches(self, count: int) -> None:
        while len(self.models.batches) < count:
            await asyncio.sleep(0.001)


def play(body: Callable[[Scene], Coroutine[Any, Any, None]], models: Models | None = None, **parameters: Any) -> None:
    """Run a test's coroutine over fresh sessions and close them."""
    models = models or Models()

    async def main() -> None:
        sessions = open_scene(models, **parameters)
        try:
            await asyncio.wait_for(body(Scene(models, sessions)), timeout=30)
        finally:
            models.gate.set()
            await sessions.close(5)
        assert sessions.statistics().frames_waiting == 0

    asyncio.run(main())


def test_frames_in_order_are_answered_by_the_tracker() -> None:
    async def body(scene: Scene) -> None:
        answers = await scene.answers(range(10))
        assert [states(answer) for answer in answers] == [{1: "s"}] * 10
        assert not any(answer.late for answer in answers)
        assert {(answer.session, answer.video) for answer in answers} == {("client", 1)}

    play(body, gap_seconds=PATIENT)


@pytest.mark.parametrize("order", [(3, 2, 1, 0), (1, 0, 3, 2), (2, 3, 0, 1)])
def test_early_frames_are_answered_after_their_predecessors(order: Sequence[int]) -> None:
    async def body(scene: Scene) -> None:
        done: list[int] = []

        async def post(number: int) -> None:
            assert not (await scene.answer(number)).late
            done.append(number)

        await asyncio.gather(*map(post, order))
        assert done == [0, 1, 2, 3]

    play(body, gap_seconds=PATIENT)


def test_a_gap_is_skipped_and_its_frames_still_get_answers() -> None:
    async def body(scene: Scene) -> None:
        first, early = await asyncio.gather(scene.answer(0), scene.answer(5))
        late = await scene.answer(3)
        assert [(ids(answer), answer.late) for answer in (first, early, late)] == [
            ([1], False),
            ([1], False),
            ([1], True),
        ]

    play(body)


def test_a_frame_that_cannot_be_computed_holds_nobody_up() -> None:
    async def body(scene: Scene) -> None:
        results = await asyncio.gather(*(scene.answer(number) for number in range(4)), return_exceptions=True)
        assert isinstance(results[1], ModelContractError)
        assert [result.late for result in results if isinstance(result, FrameAnswer)] == [False] * 3

    play(body, Models(poison={1: ModelContractError("broken")}))


def test_a_frame_that_failed_can_be_sent_again() -> None:
    models = Models(poison={1: InferenceUnavailableError("away")})

    async def body(scene: Scene) -> None:
        await scene.answer(0)
        with pytest.raises(InferenceUnavailableError):
            await scene.answer(1)
        models.poison.clear()
        answer = await scene.answer(1)
        assert (ids(answer), answer.late) == ([1], False)

    play(body, models, gap_seconds=PATIENT)


def test_errors_are_of_the_tree() -> None:
    async def body(scene: Scene) -> None:
        with pytest.raises(InferenceFailedError, match="got ValueError"):
            await scene.answer(0)

    play(body, Models(poison={0: ValueError("anything")}))


def test_a_retry_gets_the_same_answer_without_being_computed() -> None:
    async def body(scene: Scene) -> None:
        answers = await scene.answers([0, 1, 2])
        assert await scene.answer(1) is answers[1]
        assert await scene.answer(2) is answers[2]
        assert scene.models.batches == [[0], [1], [2]]

    play(body, gap_seconds=PATIENT)


def test_a_retry_of_a_frame_that_still_waits_gets_the_same_answer() -> None:
    async def body(scene: Scene) -> None:
        posts = [scene.post(number) for number in (1, 1, 1)]
        await scene.until_waiting(1)
        await scene.answer(0)
        answers = [await post for post in posts]
        assert answers[0] is answers[1] is answers[2]
        assert sorted(number for batch in scene.models.batches for number in batch) == [0, 1]

    play(body, gap_seconds=PATIENT)


def test_a_retry_outlives_the_first_request() -> None:
    async def body(scene: Scene) -> None:
        first = scene.post(1)
        await scene.until_waiting(1)
        retry = scene.post(1)
        await asyncio.sleep(0)
        first.cancel()
        await scene.answer(0)
        assert ids(await retry) == [1]

    play(body, gap_seconds=PATIENT)


def test_frame_0_with_other_content_begins_a_new_video() -> None:
    async def body(scene: Scene) -> None:
        await scene.answers(range(3))
        answers = await scene.answers(range(3), content=1)
        assert [(answer.video, answer.late, ids(answer)) for answer in answers] == [(2, False, [1])] * 3
        again = await scene.answer(1, content=1)
        assert again is answers[1]

    play(body, gap_seconds=PATIENT)


def test_frame_0_after_later_frames_begins_a_new_video() -> None:
    async def body(scene: Scene) -> None:
        later = await scene.answers([5, 6])
        first = await scene.answer(0)
        assert [answer.video for answer in (*later, first)] == [1, 1, 2]
        assert not first.late

    play(body)


def test_any_number_with_other_content_begins_a_new_video() -> None:
    async def body(scene: Scene) -> None:
        await scene.answers(range(5))
        answer = await scene.answer(3, content=1)
        assert (answer.video, answer.late) == (2, False)
        assert (await scene.answer(4, content=1)).video == 2

    play(body)


def test_a_number_whose_answer_is_no_longer_kept_begins_a_new_video() -> None:
    async def body(scene: Scene) -> None:
        await scene.answers(range(10))
        assert (await scene.answer(9)).video == 1
        assert (await scene.answer(1)).video == 2

    play(body, history=4)


def test_a_lost_frame_that_comes_very_late_is_still_of_its_video() -> None:
    async def body(scene: Scene) -> None:
        await scene.answers([number for number in range(20) if number != 3])
        answer = await scene.answer(3)
        assert (answer.video, answer.late) == (1, True)

    play(body, history=4)


def test_a_video_that_comes_backwards_is_one_video() -> None:
    async def body(scene: Scene) -> None:
        answers = await scene.answers(range(30, -1, -1))
        assert [(answer.video, ids(answer)) for answer in answers] == [(1, [1, 2])] * 31

    play(body, Models(cast=walkers))


def test_several_workers_may_send_a_video_backwards() -> None:
    async def body(scene: Scene) -> None:
        async def worker(first: int) -> list[FrameAnswer]:
            return await scene.answers(range(first, -1, -4))

        answers = [answer for part in await asyncio.gather(*map(worker, (31, 30, 29, 28))) for answer in part]
        assert [(answer.video, ids(answer)) for answer in answers] == [(1, [1, 2])] * 32

    play(body, Models(cast=walkers))


def test_the_last_frames_of_a_video_are_known_although_the_next_has_begun() -> None:
    async def body(scene: Scene) -> None:
        await scene.answers(range(20))
        waiting = scene.post(21)
        await scene.until_waiting(1)
        begun = await scene.answer(0, content=1)
        straggler, after = await scene.answer(20), await waiting
        assert (begun.video, straggler.video, after.video) == (2, 1, 1)
        assert not straggler.late
        assert not after.late
        assert (await scene.answer(1, content=1)).video == 2
        assert (await scene.answer(19)).video == 1

    play(body, gap_seconds=PATIENT)


def test_sessions_do_not_know_of_each_other() -> None:
    async def body(scene: Scene) -> None:
        answers = await asyncio.gather(
            *(
                scene.answer(number, session=f"client {client}", content=client)
                for number in range(6)
                for client in range(5)
            )
        )
        assert {answer.session for answer in answers} == {f"client {client}" for client in range(5)}
        assert {(answer.video, tuple(ids(answer)), answer.late) for answer in answers} == {(1, (1,), False)}
        assert scene.sessions.statistics().sessions == 5
        assert scene.sessions.statistics().tracks_live == 5

    play(body, gap_seconds=PATIENT)


@pytest.mark.parametrize("number", [-1, LARGEST_FRAME_NUMBER + 1])
def test_a_number_that_is_none_is_refused(number: int) -> None:
    async def body(scene: Scene) -> None:
        with pytest.raises(SessionError, match=f"frame number: expected 0 to {LARGEST_FRAME_NUMBER}, got {number}"):
            await scene.answer(number)
        assert scene.sessions.statistics().sessions == 0

    play(body)


def test_huge_numbers_far_apart_cost_no_more_than_others() -> None:
    async def body(scene: Scene) -> None:
        answers = await scene.answers([10**9, LARGEST_FRAME_NUMBER, 10**9 + 1, 10**12])
        assert [answer.late for answer in answers] == [False, False, True, True]

    play(body)


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


def test_batches_are_told() -> None:
    async def main() -> None:
        sizes: list[int] = []
        sessions = FrameSessions(
            Models().observe,
            lambda name: LiveVideo(name, Tracker(TRACKING), None, 10),
            SessionParameters(),
            on_batch=sizes.append,
        )
        await asyncio.gather(*(sessions.answer(request(number)) for number in range(6)))
        await sessions.close(1)
        assert sum(sizes) == 6
        assert max(sizes) == 4

    asyncio.run(main())


def missing(number: int) -> list[Person]:
    """The walker, undetected in a run of ten frames and in every third."""
    return [] if 20 <= number < 30 or (number % 3 == 2) else walker(number)


def test_missed_detections_are_filled_for_four_workers() -> None:
    async def body(scene: Scene) -> None:
        async def worker(first: int) -> list[FrameAnswer]:
            return await scene.answers(range(first, 60, 4))

        parts = await asyncio.gather(*map(worker, range(4)))
        answers = sorted((answer for part in parts for answer in part), key=lambda answer: answer.result.frame_number)
        assert [states(answer) for answer in answers] == [{1: "s" if missing(number) else "p"} for number in range(60)]

    play(body, Models(cast=missing), gap_seconds=PATIENT)
