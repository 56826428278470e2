"""What became of a WebSocket, seen from the messages that pass."""

from starlette.types import Message, Receive, Send

SOCKET = "WEBSOCKET"
"""Stands for the method in the log and in the metrics: a handshake is a GET, but a socket is no answer to one."""
_SWITCHED, _REFUSED, _FAILED = 101, 403, 500
_NORMAL, _ABNORMAL = 1000, 1006


class SocketOutcome:
    """Watches the messages of a socket.

    Args:
        receive, send: as ASGI gives them.

    Attributes:
        status: 101 once it is open, 403 if it was refused, 500 if serving it failed.
        close_code: with which the side that was first closed it; 1006 (RFC 6455) if none was said.
        received, sent: messages, without those that open and close it.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.status, self.close_code = _REFUSED, _ABNORMAL
        self.received = self.sent = 0
        self._closed = False

    async def receive(self) -> Message:
        """Receive the next message."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._close(message.get("code") or _ABNORMAL)
        self.received += message["type"] == "websocket.receive"
        return message

    async def send(self, message: Message) -> None:
        """Send a message."""
        await self._send(message)
        if message["type"] == "websocket.accept":
            self.status = _SWITCHED
        elif message["type"] == "websocket.close":
            self._close(message.get("code", _NORMAL))
        self.sent += message["type"] == "websocket.send"

    def failed(self) -> None:
        """Note that serving the socket raised."""
        self.status = _FAILED

    def _close(self, code: int) -> None:
        if not self._closed:
            self.close_code, self._closed = code, True
