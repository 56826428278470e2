"""How many requests of one client run at the same time, and in which sessions it has frames."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

from tracker_service.api.http.errors import http_error

CLIENT: ContextVar[str] = ContextVar("client", default="")
"""Who has sent the request that is being answered; empty elsewhere."""


class ClientLimit:
    """Limits the concurrent requests of every client; to be used in the event loop.

    Args:
        requests: concurrent requests of one client. Raising it lets one client take more of the service.
    """

    def __init__(self, requests: int) -> None:
        self._most = requests
        self._running: Counter[str] = Counter()

    def admit(self, client: str) -> AbstractContextManager[None]:
        """Admit a request of ``client``, which runs as long as the context lasts.

        Raises:
            HTTPException: 429, the client has too many requests running.
        """
        if self._running[client] >= self._most:
            raise http_error(429, f"expected at most {self._most} requests of one client at a time", retry_after=1)
        self._running[client] += 1
        return self._until_done(client)

    @contextmanager
    def _until_done(self, client: str) -> Iterator[None]:
        try:
            yield
        finally:
            self._running[client] -= 1
            if not self._running[client]:
                del self._running[client]


class SessionsInUse:
    """Knows the sessions in which each client has frames waiting; to be used in the event loop."""

    def __init__(self) -> None:
        self._sessions: dict[str, Counter[str]] = {}

    def of(self, client: str) -> frozenset[str]:
        """Return the sessions in which ``client`` has frames waiting."""
        return frozenset(self._sessions.get(client, ()))

    @contextmanager
    def hold(self, client: str, session: str) -> Iterator[None]:
        """Count a frame of ``client`` that waits in ``session`` as long as the context lasts."""
        sessions = self._sessions.setdefault(client, Counter())
        sessions[session] += 1
        try:
            yield
        finally:
            sessions[session] -= 1
            if not sessions[session]:
                del sessions[session]
            if not sessions:
                self._sessions.pop(client, None)
