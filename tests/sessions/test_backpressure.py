"""Backpressure: frames that wait for missing ones when there is no room for these."""

import asyncio

from tests.sessions.running_sessions import PATIENT, RunningSessions, run_sessions


def test_frames_can_be_told_not_to_wait_for_missing_ones() -> None:
    async def body(running: RunningSessions) -> None:
        early = [running.post(number) for number in (2, 3)]
        await running.until_waiting(2)
        await running.until_batches(1)
        running.sessions.skip_missing()
        assert [(await post).late for post in early] == [False, False]
        assert (await running.answer(1)).late

    run_sessions(body, gap_seconds=PATIENT)


def test_only_the_named_sessions_skip_missing_frames() -> None:
    async def body(running: RunningSessions) -> None:
        named, other = running.post(2, session="named"), running.post(2, session="other")
        await running.until_waiting(2)
        running.sessions.skip_missing({"named", "unknown"})
        await named
        await asyncio.sleep(0.05)
        assert not other.done()

    run_sessions(body, gap_seconds=PATIENT)
