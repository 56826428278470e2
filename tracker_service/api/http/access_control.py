"""Who is let in: known clients, a few requests each, and no new work once the service is stopping."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from tracker_service.api.http.errors import error_response, refusal
from tracker_service.api.service import Service

OPEN_PATHS = frozenset({"/health", "/livez", "/readyz", "/metrics", "/api/pose/health", "/api/pose/pool-status"})
"""What probes ask: always answered, without key and without counting."""


class Gate:
    """Checks the API key, the places of the client, and whether new work is still taken.

    Args:
        app: what comes next.
        service: knows all three.
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
            place = self._service.client_places.take(scope["state"]["client"])
        except HTTPException as refused:
            if refused.status_code == 429:
                self._service.relieve(scope["state"]["client"])
            await error_response(refused, scope)(scope, receive, send)
            return
        with place:
            await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        service, client = self._service, address(scope)
        if service.keys.required:
            name = service.keys.name(Headers(scope=scope))
            if name is None:
                raise HTTPException(
                    401,
                    "expected an API key: Authorization: Bearer <key>, or X-API-Key",
                    {"WWW-Authenticate": "Bearer"},
                )
            client = name
        scope["state"]["client"] = client
        if service.stopping and scope["method"] == "POST":
            raise refusal(503, "the service is stopping; try again", retry_after=5)


def address(scope: Scope) -> str:
    """Return the address of the client of a request."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"
