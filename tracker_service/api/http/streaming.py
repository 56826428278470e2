"""Answers that grow while a job runs, and what happens when the client hangs up."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import anyio
from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Send

Answer = TypeVar("Answer")


class GrowingResponse(StreamingResponse):
    """A streamed answer whose generator is closed when the client hangs up.

    Args:
        pieces: the body.
        media_type: content type.
        hang_up: called when the client goes before the end; not when the answer is complete.
        headers: further headers.
    """

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        *,
        media_type: str,
        hang_up: Callable[[], Awaitable[None]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        # A proxy that collects the answer would bring back the silence that streaming takes away.
        unbuffered = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        self._pieces = pieces
        self._hang_up = hang_up
        super().__init__(pieces, headers={**unbuffered, **(headers or {})}, media_type=media_type)

    async def stream_response(self, send: Send) -> None:
        """Send everything, or close the generator."""
        complete = False
        try:
            await super().stream_response(send)
            complete = True
        finally:
            with anyio.CancelScope(shield=True):
                await self._pieces.aclose()
                if not complete and self._hang_up is not None:
                    await self._hang_up()


async def unless_gone(request: Request, work: Coroutine[Any, Any, Answer]) -> Answer:
    """Return what ``work`` returns; the request's body must have been read.

    Raises:
        ClientDisconnect: the client hung up first; ``work`` has been cancelled.
    """
    working = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        for task in (working, gone):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
