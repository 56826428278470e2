"""Which frame is let in next: by turns, in time, within the memory."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tracker_service.api.http.frame_admission import AdmittedFrame, FrameAdmission
from tracker_service.errors import SessionsFullError

LONG = 10.0


def run(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(body(), timeout=20))


class Frames:
    """Frames that come in and wait, and those that have their places."""

    def __init__(self, frames: int = 100, places: int = 2, body_bytes: int = 1000, pixels: int = 1000) -> None:
        self.admission = FrameAdmission(frames, places, body_bytes, pixels)
        self.let_in: list[str] = []
        self.placed: dict[str, AdmittedFrame] = {}
        self._end = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def come(self, name: str, body_bytes: int = 1, seconds: float = LONG) -> asyncio.Task[None]:
        """A frame comes; its name begins with its client's."""

        async def frame() -> None:
            async with self.admission.admit(name[0], body_bytes, seconds) as admitted:
                self.let_in.append(name)
                self.placed[name] = admitted
                await self._end.wait()

        self._tasks.append(asyncio.create_task(frame()))
        return self._tasks[-1]

    async def leave(self, name: str) -> None:
        """A frame's people are known."""
        self.placed.pop(name).leave()
        await asyncio.sleep(0.01)

    async def end(self) -> None:
        self._end.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert self.admission.frames == 0


def test_the_clients_take_turns_however_many_frames_one_of_them_sends() -> None:
    async def body() -> None:
        frames = Frames(places=2)
        for number in range(20):
            frames.come(f"a{number}")
        for name in ("b0", "b1", "c0"):
            frames.come(name)
        await asyncio.sleep(0.01)
        while len(frames.let_in) < 9:
            await frames.leave(next(iter(frames.placed)))
        assert {"b0", "b1", "c0"} <= set(frames.let_in[:7])
        assert [name for name in frames.let_in if name[0] == "a"] == [f"a{number}" for number in range(6)]
        await frames.end()

    run(body)


def test_frames_get_the_places_that_come_later() -> None:
    async def body() -> None:
        frames = Frames(places=2)
        for number in range(8):
            frames.come(f"a{number}")
        await asyncio.sleep(0.01)
        assert frames.let_in == ["a0"]
        frames.admission.resize(8)
        await frames.leave("a0")
        assert frames.let_in == ["a0", "a1", "a2", "a3", "a4"]
        await frames.end()

    run(body)


def test_a_client_holds_at_most_half_of_the_places() -> None:
    async def body() -> None:
        frames = Frames(places=4)
        for number in range(6):
            frames.come(f"a{number}")
        await asyncio.sleep(0.01)
        assert frames.let_in == ["a0", "a1"]
        frames.come("b0")
        await asyncio.sleep(0.01)
        assert frames.let_in == ["a0", "a1", "b0"]
        await frames.end()

    run(body)


def test_a_client_that_comes_new_finds_a_place_whatever_others_hold() -> None:
    async def body() -> None:
        frames = Frames(places=16)
        for client in "abc":
            for number in range(20):
                frames.come(f"{client}{number}")
            await asyncio.sleep(0.01)
        frames.come("d0")
        await asyncio.sleep(0.01)
        held = Counter(name[0] for name in frames.let_in)
        assert held == {"a": 8, "b": 4, "c": 2, "d": 1}
        await frames.end()

    run(body)


def test_what_a_client_says_that_it_will_send_keeps_no_other_out() -> None:
    async def body() -> None:
        frames = Frames(places=32, body_bytes=512)
        for number in range(16):
            frames.come(f"a{number}", 32)
        await asyncio.sleep(0.01)
        assert len(frames.let_in) == 8
        for number in range(4):
            frames.come(f"b{number}", 32)
        await asyncio.sleep(0.01)
        assert [name for name in frames.let_in if name[0] == "b"] == ["b0", "b1", "b2", "b3"]
        await frames.end()

    run(body)


def test_the_pixels_of_one_client_keep_no_other_waiting() -> None:
    async def body() -> None:
        admission = FrameAdmission(20, 20, 100, pixels=100)
        async with AsyncExitStack() as stack:
            names = "aaab"
            frames = [await stack.enter_async_context(admission.admit(name, 1, LONG)) for name in names]
            await frames[0].take_pixels(40)
            more = asyncio.create_task(frames[1].take_pixels(40))
            await asyncio.sleep(0.01)
            assert not more.done()
            await asyncio.wait_for(frames[3].take_pixels(40), LONG)
            frames[0].leave()
            await asyncio.wait_for(more, LONG)

    run(body)


def test_a_frame_that_gets_no_place_in_time_is_refused_and_the_next_one_is_let_in() -> None:
    async def body() -> None:
        frames = Frames(places=1)
        frames.come("a0")
        refused, later = frames.come("b0", seconds=0.02), frames.come("c0")
        with pytest.raises(SessionsFullError, match=r"no place for this frame within 0.02 seconds"):
            await refused
        assert not later.done()
        await frames.leave("a0")
        assert frames.let_in == ["a0", "c0"]
        await frames.end()

    run(body)


def test_frames_beyond_the_limit_are_refused_at_once() -> None:
    async def body() -> None:
        frames = Frames(frames=2, places=1)
        frames.come("a0")
        frames.come("a1")
        await asyncio.sleep(0)
        with pytest.raises(SessionsFullError, match="more frames than it can answer"):
            await frames.come("b0")
        await frames.end()

    run(body)


def test_a_client_that_gives_up_takes_no_place() -> None:
    async def body() -> None:
        frames = Frames(places=1)
        frames.come("a0")
        given_up, waiting = frames.come("b0"), frames.come("c0")
        await asyncio.sleep(0.01)
        given_up.cancel()
        frames.placed["a0"].leave()  # in the same turn of the loop
        await asyncio.sleep(0.01)
        assert frames.let_in == ["a0", "c0"]
        assert not waiting.done()
        await frames.end()

    run(body)


def test_large_bodies_wait_for_room_and_are_not_overtaken() -> None:
    async def body() -> None:
        frames = Frames(places=8, body_bytes=100)
        for name, size in (("a0", 60), ("b0", 60), ("c0", 10)):
            frames.come(name, size)
        await asyncio.sleep(0.01)
        assert frames.let_in == ["a0"]
        await frames.leave("a0")
        assert frames.let_in == ["a0", "b0", "c0"]
        frames.come("d0", 5000)
        await asyncio.sleep(0.01)
        assert "d0" not in frames.let_in
        for name in ("b0", "c0"):
            await frames.leave(name)
        assert "d0" in frames.let_in
        await frames.end()

    run(body)


def test_large_images_wait_for_each_other() -> None:
    async def body() -> None:
        admission = FrameAdmission(10, 10, 100, pixels=100)
        async with AsyncExitStack() as stack:
            first, second = [await stack.enter_async_context(admission.admit(name, 1, LONG)) for name in "ab"]
            await first.take_pixels(70)
            waiting = asyncio.create_task(second.take_pixels(70))
            await asyncio.sleep(0.01)
            assert not waiting.done()
            first.leave()
            await waiting
        assert admission.frames == 0

    run(body)
