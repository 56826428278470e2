"""A file server with one bad habit a path, and a file that it serves in an archive."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from export.weights.published import WeightFile

CONTENT = bytes(range(256)) * 4000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
MEMBER = "logs/model.ckpt"


def _archive(name: str = MEMBER) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo(f"./{name}")
        entry.size = len(CONTENT)
        archive.addfile(entry, io.BytesIO(CONTENT))
    return buffer.getvalue()


class _Files(BaseHTTPRequestHandler):
    """A file server with one bad habit per path."""

    protocol_version = "HTTP/1.1"
    ranges: list[str]

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        if asked:
            self.ranges.append(asked)
        body = {"/archive": _archive(), "/broken": _archive()[:2000], "/other": _archive("readme.txt")}.get(
            self.path, CONTENT
        )
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.path != "/no-ranges" else 0
        if self.path == "/gone":
            self._answer(404, b"gone", "text/plain")
        elif self.path == "/login":
            self._answer(200, b"<html>Sign in</html>", "text/html; charset=utf-8")
        elif self.path == "/disguised":
            self._answer(200, b"\n<!DOCTYPE html><title>Sign in</title>", "application/octet-stream")
        elif self.path == "/cut":
            self._answer(200, body[: len(body) // 2], "application/octet-stream", announced=len(body))
        elif start >= len(body):
            self._answer(416, b"", "text/plain")
        else:
            self._answer(206 if start else 200, body[start:], "application/octet-stream")

    def _answer(self, code: int, body: bytes, kind: str, announced: int | None = None) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(announced or len(body)))
        if code == 416:
            self.send_header("Content-Range", f"bytes */{len(CONTENT)}")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002
        pass


@contextmanager
def file_server() -> Iterator[tuple[str, list[str]]]:
    ranges: list[str] = []
    handler = type("Handler", (_Files,), {"ranges": ranges})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", ranges
        finally:
            server.shutdown()
            thread.join()


def packed(url: str, digest: str = DIGEST) -> WeightFile:
    return WeightFile("model.ckpt", "test", "none", (url,), MEMBER, len(CONTENT), digest, ("epoch=3.ckpt",))
