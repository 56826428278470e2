"""The overlay for browsers and players: Motion JPEG over HTTP (``multipart/x-mixed-replace``)."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread

import cv2

from tracker_service.errors import ResultsError
from tracker_service.live.overlay.overlay_thread import DrawnFrame

_BOUNDARY = "frame"
_QUALITY = 80
_SEND_SECONDS = 10.0
"""A viewer that takes nothing for so long is let go."""


class MjpegServer:
    """Serves the newest drawn frame to whoever asks; a slow viewer sees fewer frames and holds nobody up.

    Args:
        host: address to listen on.
        port: 0 takes a free one.

    Attributes:
        url: where it is.

    Raises:
        ResultsError: the port cannot be had.
    """

    def __init__(self, host: str, port: int) -> None:
        self._jpeg: bytes | None = None
        self._count = 0
        self._changed = Condition()
        self._ended = False
        owner = self

        class Handler(BaseHTTPRequestHandler):
            """Answers one viewer."""

            timeout = _SEND_SECONDS

            def do_GET(self) -> None:
                """Send frames until the viewer leaves."""
                owner._answer(self)

            def log_message(self, *args: object) -> None:
                """Log nothing: the terminal belongs to the results."""

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise ResultsError(f"overlay: expected a free port, got {host}:{port}: {error.strerror}") from error
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_address[1]}/"
        self._thread = Thread(target=self._server.serve_forever, name="mjpeg", daemon=True)
        self._thread.start()

    def show(self, frame: DrawnFrame) -> None:
        """Take the newest frame."""
        coded, jpeg = cv2.imencode(".jpg", frame.picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        if not coded:
            raise ResultsError(f"overlay: expected a picture that JPEG can hold, got {frame.picture.shape}")
        with self._changed:
            self._jpeg, self._count = jpeg.tobytes(), self._count + 1
            self._changed.notify_all()

    def close(self) -> None:
        """End all answers."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, seen: int) -> tuple[int, bytes] | None:
        with self._changed:
            while (self._count == seen or self._jpeg is None) and not self._ended:
                self._changed.wait()
            return None if self._ended or self._jpeg is None else (self._count, self._jpeg)

    def _answer(self, viewer: BaseHTTPRequestHandler) -> None:
        viewer.send_response(200)
        viewer.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        viewer.send_header("Cache-Control", "no-store")
        viewer.end_headers()
        seen = 0
        try:
            while (newest := self._next(seen)) is not None:
                seen, jpeg = newest
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                viewer.wfile.write(head.encode() + jpeg + b"\r\n")
        except OSError:
            viewer.close_connection = True
