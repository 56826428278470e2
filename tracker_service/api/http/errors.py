"""How exceptions become HTTP errors: one table, one JSON shape.

Every error answer is ``{"error": str, "request_id": str}``, which is what the clients read. A client's mistake is
described in full; a failure of the service is logged, and the client gets a general message.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from tracker_service.errors import (
    DamagedResultsError,
    DeviceError,
    DiskFullError,
    FocalLengthError,
    FrameFailedError,
    ImageError,
    ImageTooLargeError,
    InferenceFailedError,
    InferenceOverloadedError,
    InferenceUnavailableError,
    JobError,
    JobFolderError,
    JobKeyError,
    JobNotFoundError,
    JobQuotaError,
    LiveError,
    LiveForbiddenError,
    LiveFullError,
    LiveNotFoundError,
    MediaForbiddenError,
    MediaPathError,
    ModelResultsError,
    PhalpTritonError,
    QueueFullError,
    QueueUnusableError,
    SessionError,
    SessionsClosedError,
    SessionsFullError,
    UnsupportedImageError,
    VideoError,
    VideoFormatError,
    WebhookForbiddenError,
)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ErrorStatus:
    """How an error is answered.

    Attributes:
        status: HTTP status.
        message: what the client reads; None for the error's own message.
        retry_after: seconds for ``Retry-After``, None for no such header.
    """

    status: int
    message: str | None = None
    retry_after: float | None = None


TABLE: tuple[tuple[type[PhalpTritonError], ErrorStatus], ...] = (
    (ImageTooLargeError, ErrorStatus(413)),
    (UnsupportedImageError, ErrorStatus(415)),
    (ImageError, ErrorStatus(400)),
    (MediaForbiddenError, ErrorStatus(403)),
    (MediaPathError, ErrorStatus(400)),
    (VideoFormatError, ErrorStatus(415)),
    (VideoError, ErrorStatus(400)),
    (FocalLengthError, ErrorStatus(422)),
    (SessionsFullError, ErrorStatus(503, retry_after=1)),
    (SessionsClosedError, ErrorStatus(503, "the service is stopping; try again", 5)),
    (FrameFailedError, ErrorStatus(500, "internal error")),
    (SessionError, ErrorStatus(409)),
    (InferenceOverloadedError, ErrorStatus(503, "the models have more work than they can do; try again", 1)),
    (ModelResultsError, ErrorStatus(503, retry_after=5)),
    (InferenceFailedError, ErrorStatus(503, "a model failed, or gave results that cannot be used", 5)),
    (InferenceUnavailableError, ErrorStatus(503, "the models cannot answer now; try again", 2)),
    (DeviceError, ErrorStatus(503, "the models run on another device than was asked for", 5)),
    (LiveNotFoundError, ErrorStatus(404)),
    (LiveForbiddenError, ErrorStatus(403)),
    (LiveFullError, ErrorStatus(503, retry_after=10)),
    (LiveError, ErrorStatus(409)),
    (JobQuotaError, ErrorStatus(429, retry_after=30)),
    (QueueFullError, ErrorStatus(503, retry_after=30)),
    (DamagedResultsError, ErrorStatus(500)),
    (DiskFullError, ErrorStatus(503, "there is no room for results now; try again later", 60)),
    (JobNotFoundError, ErrorStatus(404)),
    (QueueUnusableError, ErrorStatus(503, retry_after=30)),
    (JobFolderError, ErrorStatus(503, "the video jobs' folder cannot be used; try again later", 60)),
    (JobKeyError, ErrorStatus(422)),
    (WebhookForbiddenError, ErrorStatus(403)),
    (JobError, ErrorStatus(409)),
    (PhalpTritonError, ErrorStatus(500, "internal error")),
)
"""The first row whose class matches counts."""

_INTERNAL_ERROR = ErrorStatus(500, "internal error")


def status_of(error: Exception) -> ErrorStatus:
    """Return how ``error`` is answered; any exception that is not a `PhalpTritonError` is an internal error."""
    return next((answer for kind, answer in TABLE if isinstance(error, kind)), _INTERNAL_ERROR)


def http_error(status: int, message: str, *, retry_after: float | None = None) -> HTTPException:
    """Return the exception that answers a request with ``status`` and ``message``."""
    headers = None if retry_after is None else {"Retry-After": str(max(1, math.ceil(retry_after)))}
    return HTTPException(status, message, headers)


def error_body(message: str, scope: Scope) -> dict[str, str]:
    """Return the JSON object of an error answer."""
    return {"error": message, "request_id": scope.get("state", {}).get("request_id", "")}


def error_response(error: Exception, scope: Scope) -> Response:
    """Return the answer to ``error``; log it where the service is to blame."""
    if isinstance(error, HTTPException):
        return _response(error.status_code, str(error.detail), scope, error.headers)
    answer = status_of(error)
    if answer.status >= 500:
        _log(error, answer)
    retry_after = getattr(error, "retry_after", answer.retry_after)
    answered = http_error(answer.status, answer.message or str(error), retry_after=retry_after)
    return _response(answered.status_code, answered.detail, scope, answered.headers)


def install_error_handlers(app: FastAPI) -> None:
    """Answer every error of the routes in the one JSON shape."""

    async def on_error(request: Request, error: Exception) -> Response:
        return error_response(error, request.scope)

    async def on_invalid(request: Request, error: Exception) -> Response:
        problems = error.errors() if isinstance(error, RequestValidationError) else []
        return error_response(http_error(422, "; ".join(map(describe_problem, problems))), request.scope)

    app.add_exception_handler(HTTPException, on_error)
    app.add_exception_handler(PhalpTritonError, on_error)
    app.add_exception_handler(RequestValidationError, on_invalid)


def describe_problem(problem: Mapping[str, Any]) -> str:
    """Return a message for one validation problem of pydantic, without the value that was sent."""
    place = ".".join(str(part) for part in problem["loc"] if part not in ("body", "query", "path", "header"))
    message = str(problem["msg"])
    return f"{place}: {message[:1].lower()}{message[1:]}" if place else message


def _log(error: Exception, answer: ErrorStatus) -> None:
    if answer.status == 503:
        _logger.warning("%s", error, extra={"error_type": type(error).__name__})
    else:
        _logger.error("%s: %s", type(error).__name__, error, exc_info=error)


def _response(status: int, message: str, scope: Scope, headers: Mapping[str, str] | None) -> Response:
    body = orjson.dumps(error_body(message, scope))
    return Response(body, status, dict(headers or {}), media_type="application/json")
