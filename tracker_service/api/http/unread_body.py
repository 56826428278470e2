"""Drains the unread rest of a request body, so that a client that is still sending can read an early error answer.

A server that closes a connection with unread data in it resets it, and the reset may overtake the answer ("socket hang
up"). So the whole answer is sent first, and then the rest of the body is read and discarded for a short time (nginx
calls this a lingering close).
"""

import asyncio
from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LONGEST_SECONDS = 2.0
_MOST_BYTES = 64 * 1024 * 1024


class UnreadBodyDrain:
    """Drains what is left of a request body after the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        unread = True

        async def receiving() -> Message:
            nonlocal unread
            message = await receive()
            unread = message["type"] == "http.request" and message.get("more_body", False)
            return message

        async def sending(message: Message) -> None:
            if not unread:
                await send(message)
            elif message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Connection"] = "close"
                await send(message)
            elif message.get("more_body", False):
                await send(message)
            else:
                await send({**message, "more_body": True})
                await _drain(receive)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._app(scope, receiving, sending)


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


async def _drain(receive: Receive) -> None:
    read = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST_SECONDS):
            while read < _MOST_BYTES:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                read += len(message.get("body", b""))
