"""Access control: known clients only, a few requests each, and no new work once the service is stopping."""

import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from tracker_service.api.http.client_limit import CLIENT
from tracker_service.api.http.errors import error_response, http_error
from tracker_service.api.service import Service

OPEN_PATHS = frozenset({"/health", "/livez", "/readyz", "/metrics", "/api/pose/health", "/api/pose/pool-status"})
"""What probes ask: always answered, without a key and without limit."""
_VIEWER_PAGE = re.compile(r"/jobs/[^/]+/viewer")
"""A page that holds nothing of a job: browsers send no key when they open it, so that it asks for one."""


class AccessControl:
    """Checks the API key, the client's running requests, and whether new work is still accepted.

    Args:
        app: the next ASGI layer.
        service: its keys, limits and state are used.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
            running = self._service.client_limit.admit(scope["state"]["client"])
        except HTTPException as error:
            if error.status_code == 429:
                self._service.skip_missing_frames(scope["state"]["client"])
            await error_response(error, scope)(scope, receive, send)
            return
        with running:
            await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        service, client = self._service, address(scope)
        if service.keys.required:
            name = service.keys.name(Headers(scope=scope))
            viewer = scope["method"] == "GET" and _VIEWER_PAGE.fullmatch(scope["path"])
            if name is None and (viewer or wants_page(scope)):
                name = ""
            if name is None:
                raise HTTPException(
                    401,
                    "expected an API key: Authorization: Bearer <key>, or X-API-Key",
                    {"WWW-Authenticate": "Bearer"},
                )
            client = name
        scope["state"]["client"] = client
        CLIENT.set(client)
        if service.stopping and scope["method"] == "POST":
            raise http_error(503, "the service is stopping; try again", retry_after=5)


def wants_page(scope: Scope) -> bool:
    """Return whether a browser opens the page of a live stream, which holds nothing of anybody."""
    accepted = Headers(scope=scope).get("accept", "")
    return scope["method"] == "GET" and scope["path"] == "/live" and "text/html" in accepted


def address(scope: Scope) -> str:
    """Return the address of the client of a request."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"
