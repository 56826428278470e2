"""Around every request: its id, its log line, its metrics, its trace, and an answer for uncaught exceptions."""

import logging
import re
import time
import uuid
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker_service.api.http.access_control import OPEN_PATHS, address
from tracker_service.api.http.errors import error_response
from tracker_service.api.http.logs import REQUEST_ID
from tracker_service.api.http.socket_outcome import SOCKET, SocketOutcome
from tracker_service.api.service import Service
from tracker_service.tracing.spans import Span, begin

_logger = logging.getLogger("tracker_service.requests")

REQUEST_ID_HEADER = "X-Request-Id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_LONGEST_ID = 64
_CLIENT_DISCONNECTED = 499
"""Status in log and metrics, as in nginx: the client disconnected."""
_SERVER_ERROR = 500


class Telemetry:
    """Gives every request an id, and times, counts, logs and traces it.

    Args:
        app: the next ASGI layer.
        service: its metrics are updated.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await self._follow_socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        log: dict[str, Any] = {}
        scope["state"] = {**scope.get("state", {}), "request_id": request_id, "log": log, "client": address(scope)}
        token = REQUEST_ID.set(request_id)
        started, status = time.perf_counter(), _CLIENT_DISCONNECTED

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        self._service.requests_running += 1
        with _traced(scope) as span:
            try:
                await self._app(scope, receive, sending)
            except ClientDisconnect:
                status = _CLIENT_DISCONNECTED
            except Exception as error:
                if status != _CLIENT_DISCONNECTED:
                    raise  # part of the answer is sent: only a broken connection tells the client
                await error_response(error, scope)(scope, receive, sending)
            finally:
                self._service.requests_running -= 1
                if span is not None:
                    _describe(span, scope, status)
                    log["trace"] = span.traceparent.split("-")[1]
                self._report(scope, status, time.perf_counter() - started, log)
                REQUEST_ID.reset(token)

    async def _follow_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a socket be served; it counts as one request."""
        request_id = _request_id(scope)
        scope["state"] = {**scope.get("state", {}), "request_id": request_id, "client": address(scope)}
        token = REQUEST_ID.set(request_id)
        started, outcome = time.perf_counter(), SocketOutcome(receive, send)
        try:
            await self._app(scope, outcome.receive, outcome.send)
        except Exception:
            outcome.failed()
            raise
        finally:
            self._report_socket(scope, outcome, time.perf_counter() - started)
            REQUEST_ID.reset(token)

    def _report_socket(self, scope: Scope, outcome: SocketOutcome, seconds: float) -> None:
        """Count and log a socket; its query, which may hold the token that resumes a stream, is not shown."""
        route = getattr(scope.get("route"), "path", "unmatched")
        self._service.metrics.socket(route, outcome.status)
        extra: dict[str, Any] = {
            "status": outcome.status,
            "close_code": outcome.close_code,
            "messages_in": outcome.received,
            "messages_out": outcome.sent,
            "ms": round(seconds * 1000, 1),
            "client": scope["state"]["client"],
        }
        if (stream := scope.get("path_params", {}).get("stream_id")) is not None:
            extra["stream"] = str(stream)[:_LONGEST_ID]
        shown = route if route != "unmatched" else scope["path"][:200]
        _logger.info("%s %s %d", SOCKET, shown, outcome.status, extra=extra)

    def _report(self, scope: Scope, status: int, seconds: float, log: dict[str, Any]) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        self._service.metrics.request(route, scope["method"], status, seconds)
        if (job := scope.get("path_params", {}).get("job_id")) is not None:
            log = {"job": str(job)[:_LONGEST_ID], **log}
        level = logging.DEBUG if scope["path"] in OPEN_PATHS else logging.INFO
        _logger.log(
            level,
            "%s %s %d",
            scope["method"],
            route if route != "unmatched" else scope["path"][:200],
            status,
            extra={"status": status, "ms": round(seconds * 1000, 1), "client": scope["state"]["client"], **log},
        )


def _traced(scope: Scope) -> AbstractContextManager[Span | None]:
    """Return what traces a request, as a part of its caller's trace where that is named; health checks are left out."""
    if scope["path"] in OPEN_PATHS:
        return nullcontext()
    return begin(scope["method"], Headers(scope=scope).get("traceparent"), "server")


def _describe(span: Span, scope: Scope, status: int) -> None:
    route = getattr(scope.get("route"), "path", "unmatched")
    span.call(f"{scope['method']} {route}")
    span.note(
        {
            "http.request.method": scope["method"],
            "http.route": route,
            "http.response.status_code": status,
            "phalp.request_id": scope["state"]["request_id"],
        }
    )
    if status >= _SERVER_ERROR:
        span.failed(f"status {status}")


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
