"""Backpressure: frames that wait for missing ones when there is no room for these."""

import asyncio

import pytest

from tests.sessions.playing import PATIENT, Scene, play
from tracker_service.errors import SessionsFullError


def test_after_a_refused_frame_the_others_no_longer_wait_for_missing_ones() -> None:
    async def body(scene: Scene) -> None:
        early = [scene.post(number) for number in (2, 3)]
        await scene.until_waiting(2)
        await scene.until_batches(1)
        with pytest.raises(SessionsFullError):
            await scene.answer(4)
        scene.sessions.skip_missing()
        assert [(await post).late for post in early] == [False, False]
        assert (await scene.answer(1)).late

    play(body, gap_seconds=PATIENT, frames_waiting=2)


def test_only_the_named_sessions_skip_missing_frames() -> None:
    async def body(scene: Scene) -> None:
        named, other = scene.post(2, session="named"), scene.post(2, session="other")
        await scene.until_waiting(2)
        scene.sessions.skip_missing({"named", "unknown"})
        await named
        await asyncio.sleep(0.05)
        assert not other.done()

    play(body, gap_seconds=PATIENT)
