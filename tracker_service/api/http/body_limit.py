"""Bodies that are too long or too slow."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker_service.api.http.errors import error_response, refusal
from tracker_service.settings.serving import LimitSettings

UPLOAD_PATHS = frozenset({"/pose/video", "/process_video_async", "/jobs"})
"""Routes whose forms may be as long as a video."""


class BodyLimit:
    """Refuses a long body by its declared length, before anything is read, and while it arrives.

    Args:
        app: what comes next.
        limits: how long bodies may be, and how long a client may be silent while it sends one.
    """

    def __init__(self, app: ASGIApp, limits: LimitSettings) -> None:
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
            refused = refusal(413, f"body: expected at most {most} bytes, got {declared[:20]}")
            await error_response(refused, scope)(scope, receive, send)
            return
        read, arriving = 0, declared != "0" or "transfer-encoding" in headers

        async def receiving() -> Message:
            nonlocal read, arriving
            try:
                async with asyncio.timeout(self._limits.body_seconds if arriving else None):
                    message = await receive()
            except TimeoutError as error:
                raise refusal(408, f"body: nothing came for {self._limits.body_seconds:g} seconds") from error
            arriving = arriving and message.get("more_body", False)
            read += len(message.get("body", b""))
            if read > most:
                raise refusal(413, f"body: expected at most {most} bytes, got more")
            return message

        await self._app(scope, receiving, send)

    def _most(self, path: str, headers: Headers) -> int:
        form = headers.get("content-type", "").lower().startswith("multipart/form-data")
        return self._limits.upload_bytes if form and path in UPLOAD_PATHS else self._limits.body_bytes
