"""Limits on request bodies: their size, how long a client may pause while it sends one, and how slowly it may send."""

import asyncio
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker_service.api.http.errors import error_response, http_error
from tracker_service.api.service_parameters import Limits

UPLOAD_PATHS = frozenset({"/pose/video", "/process_video", "/process_video_async", "/jobs"})
"""Routes whose forms may be as long as a video."""


class BodyLimit:
    """Refuses a body that is too large, by its declared length before anything is read, else while it arrives.

    Args:
        app: the next ASGI layer.
        limits: the largest body, the longest pause, and the lowest rate.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        most = self._most(scope["path"], headers)
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > most:
            error = http_error(413, f"body: expected at most {most} bytes, got {declared[:20]}")
            await error_response(error, scope)(scope, receive, send)
            return
        read, waited, arriving = 0, 0.0, declared != "0" or "transfer-encoding" in headers

        async def receiving() -> Message:
            nonlocal read, waited, arriving
            asked = time.monotonic()
            try:
                async with asyncio.timeout(self._limits.body_seconds if arriving else None):
                    message = await receive()
            except TimeoutError as error:
                raise http_error(408, f"body: nothing came for {self._limits.body_seconds:g} seconds") from error
            arriving = arriving and message.get("more_body", False)
            read += len(message.get("body", b""))
            waited += time.monotonic() - asked
            if arriving and waited > self._limits.body_seconds and read < waited * self._limits.body_rate:
                raise http_error(408, f"body: expected at least {self._limits.body_rate} bytes a second, got fewer")
            if read > most:
                raise http_error(413, f"body: expected at most {most} bytes, got more")
            return message

        await self._app(scope, receiving, send)

    def _most(self, path: str, headers: Headers) -> int:
        form = headers.get("content-type", "").lower().startswith("multipart/form-data")
        return self._limits.upload_bytes if form and path in UPLOAD_PATHS else self._limits.body_bytes
