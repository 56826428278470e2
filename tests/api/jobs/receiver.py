"""A receiver of webhooks on a loopback port."""

import base64
import hashlib
import hmac
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import orjson

SECRET = "of the tests, not secret"  # noqa: S105


@dataclass(frozen=True)
class Received:
    """One request, and what it was answered with."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def signed(self) -> bool:
        """Whether the signature is right."""
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = base64.b64encode(hmac.digest(SECRET.encode(), signed, hashlib.sha256)).decode()
        return self.headers["webhook-signature"] == f"v1,{expected}"

    def json(self) -> Any:
        """Return the body."""
        return orjson.loads(self.body)


class Receiver:
    """Records requests and answers them with ``status``; a context manager. 0 hangs up without an answer."""

    def __init__(self) -> None:
        self.status = 204
        self.received: list[Received] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(Received(self.path, headers, body, receiver.status))
                if receiver.status:
                    self.send_response(receiver.status)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def accepted(self) -> list[Received]:
        """The requests that it has accepted."""
        return [one for one in self.received if one.status == 204]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
