"""A file, or ranges of it, as an answer."""

import os
from typing import BinaryIO

import orjson
from fastapi.responses import FileResponse
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from tracker_service.api.http.errors import error_body

_PROBLEMS = {400: "range: expected bytes=<first>-<last>", 416: "range: expected one that begins within the file"}


class RangeFileResponse(FileResponse):
    """An answer with an open file, which it closes; its errors about ranges have the JSON shape of all errors.

    Args:
        file: what is sent, whatever its name leads to meanwhile.
        media_type: of the file.
        filename: for the client that saves it; None for none.
    """

    def __init__(self, file: BinaryIO, *, media_type: str, filename: str | None = None) -> None:
        self._file = file
        super().__init__(
            f"/dev/fd/{file.fileno()}",
            media_type=media_type,
            filename=filename,
            stat_result=os.fstat(file.fileno()),
            content_disposition_type="inline",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        problem = b""

        async def sending(message: Message) -> None:
            nonlocal problem
            if message["type"] == "http.response.start" and message["status"] in _PROBLEMS:
                problem = orjson.dumps(error_body(_PROBLEMS[message["status"]], scope))
                headers = MutableHeaders(scope=message)
                headers["content-type"] = "application/json"
                headers["content-length"] = str(len(problem))
            elif problem and message["type"] == "http.response.body":
                message = {**message, "body": problem}
            await send(message)

        with self._file:
            await super().__call__(scope, receive, sending)
