"""HTTP/1.1 on one connection, with limits on the size and the time of a request's head."""

import asyncio
from functools import partial
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from tracker_service.api.connections.open_connections import OpenConnections

_REASONS = {
    408: "the request's head did not come in time",
    431: "the request's head is too large",
    503: "the service has more connections than it can hold; try again",
}


class LimitedHttpProtocol(HttpToolsProtocol):
    """A connection whose request heads come complete within ``head_seconds`` and ``head_bytes``, or it ends.

    The parser buffers what it cannot hand on yet, and copies it at every piece: a header without end would take all
    memory, and the event loop's time with it. So what has come since the parser last handed something on is counted,
    whether it belongs to the request line, a header, a trailer, or the extension of a chunk.

    Args:
        config, server_state, app_state, _loop: of uvicorn.
        open_connections: this one is counted there.
        head_bytes: bytes of request line and headers. Raising it lets longer headers in.
        head_seconds: seconds from the first byte, or from the connection, to the end of the headers. Raising it lets
            slower clients in, and lets a connection be held longer for nothing.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        open_connections: OpenConnections,
        head_bytes: int,
        head_seconds: float,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._open_connections = open_connections
        self._head_bytes, self._head_seconds = head_bytes, head_seconds
        self._pending_bytes = self._header_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._refused: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection, or end it where there are too many."""
        super().connection_made(transport)  # type: ignore[arg-type]
        if self._open_connections.admit(self, self.client[0] if self.client else "unknown"):
            self._start_head_timer()
        else:
            self._refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_head_timer()
        self._open_connections.forget(self)
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to a socket; it counts until that is closed."""
        super().handle_websocket_upgrade()
        socket: Any = self.transport.get_protocol()
        lost = socket.connection_lost

        def socket_lost(exc: Exception | None) -> None:
            self._open_connections.forget(self)
            lost(exc)

        socket.connection_lost = socket_lost

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        if self._refused is not None:
            return
        self._pending_bytes += len(data)
        super().data_received(data)
        if self._pending_bytes > self._head_bytes:
            self._refuse(431)

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed, or what a callback of the parser has refused."""
        if self._refused is None:
            super().send_400_response(msg)

    def give_way(self) -> None:
        """End the connection, on which no request runs, for another one."""
        self._refused = 503
        self._stop_head_timer()
        self.transport.close()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._header_bytes = 0
        self._start_head_timer()

    def on_url(self, url: bytes) -> None:
        """Take a part of the request line."""
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer."""
        self._count(name, value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request."""
        self._pending_bytes = 0
        self._stop_head_timer()
        self._open_connections.busy(self)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._pending_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        self._pending_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Note that the request is answered."""
        super().on_response_complete()
        if self.cycle.response_complete:
            self._open_connections.idle(self)

    @property
    def _answering(self) -> bool:
        """Whether a request that came before is still being answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _count(self, *parts: bytes) -> None:
        self._header_bytes += sum(map(len, parts))
        if self._header_bytes > self._head_bytes:
            self._refuse(431)
            raise ValueError(_REASONS[431])  # the parser stops

    def _start_head_timer(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self._head_seconds, self._head_is_late)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._answering:
            self._start_head_timer()
        else:
            self._refuse(408)

    def _refuse(self, status: int) -> None:
        """Answer once, and end the connection; where an answer is being sent, only end it."""
        if self._refused is not None:
            return
        self._refused = status
        if not self._answering:
            body = b'{"error":"%s"}' % _REASONS[status].encode()
            head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[status] + head + body)
        self.transport.close()


def limited_protocol(open_connections: OpenConnections, *, head_bytes: int, head_seconds: float) -> Any:
    """Return what makes the protocol of a new connection, for uvicorn."""
    return partial(
        LimitedHttpProtocol, open_connections=open_connections, head_bytes=head_bytes, head_seconds=head_seconds
    )
