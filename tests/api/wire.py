"""Requests byte by byte, for what no HTTP library would send."""

import socket
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

import orjson


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        parsed = orjson.loads(self.body)
        assert isinstance(parsed, dict)
        return parsed


class Wire:
    """One connection; a context manager."""

    def __init__(self, url: str, seconds: float = 30.0) -> None:
        address = urlsplit(url)
        assert address.hostname is not None
        self._socket = socket.create_connection((address.hostname, address.port or 80), timeout=seconds)

    def head(self, path: str, *headers: str, method: str = "POST") -> Self:
        """Send a request line and headers."""
        lines = (f"{method} {path} HTTP/1.1", "Host: test", *headers)
        return self.send("".join(f"{line}\r\n" for line in lines).encode() + b"\r\n")

    def send(self, data: bytes) -> Self:
        """Send bytes."""
        self._socket.sendall(data)
        return self

    def answer(self) -> Answer:
        """Read one answer that has a content length."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.more()
        head, _, body = received.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        while len(body) < int(headers["content-length"]):
            body += self.more()
        return Answer(int(status.split()[1]), headers, body)

    def closed(self) -> bool:
        """Wait for the other side to close; False when something else comes."""
        try:
            return self._socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def more(self) -> bytes:
        """Return what comes next; raises `ConnectionError` at the end."""
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the service closed the connection before it had answered")
        return data
