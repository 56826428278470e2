"""Sessions that a test's coroutine uses."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from tests.sessions.synthetic_sessions import Models, image, open_sessions, request
from tracker_service.sessions.frame import FrameAnswer
from tracker_service.sessions.sessions import FrameSessions

PATIENT = 10.0
"""A gap time that no test waits for: frames are in order or the test hangs and fails."""


class RunningSessions:
    """Sessions over synthetic models."""

    def __init__(self, models: Models, sessions: FrameSessions) -> None:
        self.models = models
        self.sessions = sessions

    def post(self, number: int, **options: Any) -> asyncio.Task[FrameAnswer]:
        return asyncio.create_task(self.sessions.answer(request(number, **options), image()))

    async def answer(self, number: int, **options: Any) -> FrameAnswer:
        return await self.sessions.answer(request(number, **options), image())

    async def answers(self, numbers: Sequence[int], **options: Any) -> list[FrameAnswer]:
        return [await self.answer(number, **options) for number in numbers]

    async def until_waiting(self, count: int) -> None:
        while self.sessions.statistics().frames_waiting != count:
            await asyncio.sleep(0.001)

    async def until_batches(self, count: int) -> None:
        while len(self.models.batches) < count:
            await asyncio.sleep(0.001)


def run_sessions(
    body: Callable[[RunningSessions], Coroutine[Any, Any, None]], models: Models | None = None, **parameters: Any
) -> None:
    """Run a test's coroutine over fresh sessions and close them."""
    models = models or Models()

    async def main() -> None:
        sessions = open_sessions(models, **parameters)
        try:
            await asyncio.wait_for(body(RunningSessions(models, sessions)), timeout=30)
        finally:
            models.gate.set()
            await sessions.close(5)
        assert sessions.statistics().frames_waiting == 0

    asyncio.run(main())
