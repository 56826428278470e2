"""Streamed answers, and what happens when the client disconnects."""

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


class StreamedAnswer(StreamingResponse):
    """A streamed answer whose generator is closed when the client disconnects.

    Args:
        pieces: the body.
        media_type: content type.
        on_disconnect: called when the client disconnects before the end; not when the answer is complete.
        headers: further headers.
    """

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        *,
        media_type: str,
        on_disconnect: Callable[[], Awaitable[None]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        # A proxy that buffers the answer would undo the streaming.
        unbuffered = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        self._pieces = pieces
        self._on_disconnect = on_disconnect
        super().__init__(pieces, headers={**unbuffered, **(headers or {})}, media_type=media_type)

    async def stream_response(self, send: Send) -> None:
        """Send the body, and close the generator in any case."""
        complete = False
        try:
            await super().stream_response(send)
            complete = True
        finally:
            with anyio.CancelScope(shield=True):
                await self._pieces.aclose()
                if not complete and self._on_disconnect is not None:
                    await self._on_disconnect()


async def unless_disconnected(request: Request, work: Coroutine[Any, Any, Answer]) -> Answer:
    """Return what ``work`` returns; the request's body must have been read.

    Raises:
        ClientDisconnect: the client disconnected first; ``work`` has been cancelled.
    """
    working = asyncio.ensure_future(work)
    disconnected = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({working, disconnected}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        for task in (working, disconnected):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
