"""Clients that hang up, and the end of the service."""

import asyncio

import pytest

from tests.sessions.running_sessions import PATIENT, RunningSessions, run_sessions
from tests.sessions.synthetic_sessions import Models, ids, open_sessions
from tracker_service.api.http.errors import status_of
from tracker_service.errors import FrameFailedError, SessionsClosedError
from tracker_service.phalp.tracker import Tracker


def test_a_frame_cancelled_before_its_batch_is_not_computed() -> None:
    async def body(running: RunningSessions) -> None:
        running.models.gate.clear()
        computed = [running.post(0), running.post(1)]
        await running.until_batches(1)
        cancelled, others = running.post(2), [running.post(number) for number in (3, 4)]
        await running.until_waiting(5)
        cancelled.cancel()
        await running.until_waiting(4)
        running.models.gate.set()
        answers = [await post for post in (*computed, *others)]
        assert [answer.late for answer in answers] == [False] * 4
        assert 2 not in [number for batch in running.models.batches for number in batch]

    run_sessions(body, window=2, workers=1)


def test_a_frame_cancelled_later_does_not_break_the_order() -> None:
    async def body(running: RunningSessions) -> None:
        running.models.gate.clear()
        posts = [running.post(number) for number in range(4)]
        await running.until_batches(1)
        posts[1].cancel()
        running.models.gate.set()
        answers = [await posts[number] for number in (0, 2, 3)]
        assert [ids(answer) for answer in answers] == [[1]] * 3
        assert ids(await running.answer(1)) == [1]
        assert sum(batch.count(1) for batch in running.models.batches) == 1

    run_sessions(body, gap_seconds=PATIENT)


def test_a_cancelled_frame_can_be_sent_again_at_once() -> None:
    async def body(running: RunningSessions) -> None:
        running.models.gate.clear()
        first = running.post(0)
        await running.until_batches(1)
        cancelled = running.post(1)
        await running.until_waiting(2)
        cancelled.cancel()
        await asyncio.sleep(0)
        again = running.post(1)
        await asyncio.sleep(0)
        running.models.gate.set()
        assert ids(await first) == ids(await again) == [1]

    run_sessions(body, gap_seconds=PATIENT, workers=1)


def test_closing_answers_what_was_accepted_without_waiting_for_missing_frames() -> None:
    async def main() -> None:
        models = Models()
        running = RunningSessions(models, open_sessions(models, gap_seconds=PATIENT))
        await running.answer(0)
        early = [running.post(number) for number in (5, 9)]
        await running.until_waiting(2)
        closing = asyncio.create_task(running.sessions.close(5))
        assert [ids(await post) for post in early] == [[1], [1]]
        await closing
        with pytest.raises(SessionsClosedError, match="shutting down"):
            await running.answer(10)
        assert running.sessions.statistics().sessions == 0

    asyncio.run(main())


def test_frames_not_answered_before_the_drain_ends_get_an_error() -> None:
    async def main() -> None:
        models = Models()
        models.gate.clear()
        running = RunningSessions(models, open_sessions(models, window=1, workers=1))
        posts = [running.post(number) for number in range(3)]
        await running.until_batches(1)
        await running.sessions.close(0.05)
        results = await asyncio.gather(*posts, return_exceptions=True)
        assert [type(result) for result in results] == [SessionsClosedError] * 3
        models.gate.set()
        assert models.batches == [[0]]

    asyncio.run(main())


def test_closing_twice_or_unused_is_fine() -> None:
    async def main() -> None:
        sessions = open_sessions(Models())
        await sessions.close(1)
        await sessions.close(1)

    asyncio.run(main())


def test_a_frame_whose_association_breaks_is_an_error_of_the_service_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("what nobody outside should read")

    async def body(running: RunningSessions) -> None:
        with monkeypatch.context() as change:
            change.setattr(Tracker, "update", broken)
            with pytest.raises(FrameFailedError) as failed:
                await running.answer(0)
        assert (status_of(failed.value).status, status_of(failed.value).message) == (500, "internal error")
        assert ids(await running.answer(1)) == [1]

    run_sessions(body)
    assert ["ZeroDivisionError" in (record.exc_text or "") for record in caplog.records].count(True) == 1
