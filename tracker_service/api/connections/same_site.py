"""Without keys, a web page must not reach the service through somebody's browser.

A page can send a POST to any address without asking (cross-site request forgery), and can make the name of its own
server stand for 127.0.0.1 (DNS rebinding), so that the browser lets it read the answers, too. Neither works with keys,
which a page does not know.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from tracker_service.api.http.errors import error_response, http_error
from tracker_service.api.service import Service

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SAME = frozenset({"same-origin", "none"})
_NOBODYS_TLDS = frozenset({"localhost", "local", "internal", "test", "arpa"})
"""Top-level domains below which nobody can register a name (RFC 6761, RFC 6762, RFC 8375, ICANN for ``internal``)."""
_ANY = "*"


class SameSite:
    """Refuses requests that a foreign page may have made; with keys it lets everything pass.

    Args:
        app: the next ASGI layer.
        service: its keys and settings are used.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._checked = not service.keys.required
        settings = service.settings.service
        self._hosts = frozenset(name.lower() for name in settings.hosts)
        self._origins = frozenset(origin.rstrip("/").lower() for origin in settings.cors_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and self._checked and (problem := self._problem(scope)) is not None:
            await error_response(http_error(403, problem), scope)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _problem(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if not self._knows(host):
            return "host: expected an address or a name of the local network; service.hosts lists further names"
        if scope["method"] in _SAFE_METHODS or self._is_own(headers, host):
            return None
        return "origin: expected a page of this service; service.cors_origins lists further origins"

    def _knows(self, host: str) -> bool:
        if not host or _ANY in self._hosts:
            return True
        name = _name(host)
        return name in self._hosts or _is_local(name)

    def _is_own(self, headers: Headers, host: str) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none").lower() in _SAME
        origin = origin.lower()
        return origin in self._origins or _ANY in self._origins or origin.partition("://")[2] == host


def _name(host: str) -> str:
    """Return the host without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_local(name: str) -> bool:
    """Whether a name is an address, or one that cannot belong to somebody on the internet."""
    if not name:
        return False
    try:
        ip_address(name)
    except ValueError:
        return "." not in name or name.rpartition(".")[2] in _NOBODYS_TLDS
    return True
