"""Around every request: its id, its log line, its metrics, and an answer for uncaught exceptions."""

import logging
import re
import time
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker_service.api.http.access_control import OPEN_PATHS, address
from tracker_service.api.http.errors import error_response
from tracker_service.api.http.logs import REQUEST_ID
from tracker_service.api.service import Service

_logger = logging.getLogger("tracker_service.requests")

REQUEST_ID_HEADER = "X-Request-Id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_LONGEST_ID = 64
_CLIENT_DISCONNECTED = 499
"""Status in log and metrics, as in nginx: the client disconnected."""


class Telemetry:
    """Gives every request an id, and times, counts and logs it.

    Args:
        app: the next ASGI layer.
        service: its metrics are updated.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
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
            self._report(scope, status, time.perf_counter() - started, log)
            REQUEST_ID.reset(token)

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


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
