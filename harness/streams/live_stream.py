"""A camera on the network, for tests and benchmarks: generated frames as MPEG-TS or Motion JPEG over HTTP."""

import io
import time
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Event, Thread
from types import TracebackType
from typing import Any, Literal, Self, cast

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from harness.ports import free_port
from tracker_service.types import UInt8

_CODECS = {"mpegts": ("libx264", "yuv420p"), "mpjpeg": ("mjpeg", "yuvj420p")}
_TYPES = {"mpegts": "video/mp2t", "mpjpeg": "multipart/x-mixed-replace; boundary=ffmpeg"}
_OPTIONS = {"libx264": {"preset": "ultrafast", "tune": "zerolatency"}, "mjpeg": {"qmin": "2", "qmax": "2"}}
"""Without bounds for its quality, Motion JPEG blurs small people after the first frames."""
_KEYFRAME_EVERY = 10


class LiveStream:
    """Serves frames at their rate to every client, as long as it is entered; a context manager that can be re-entered.

    Frames are counted from the first entering on, by the clock: a client that comes again sees later ones.

    Args:
        draw: makes the frame of a number, (H, W, 3) uint8 RGB.
        rate: frames a second.
        kind: how they are sent.
        frames: after how many frames of a connection it is ended by the server; None for never.
    """

    def __init__(
        self,
        draw: Callable[[int], UInt8],
        rate: float,
        kind: Literal["mpegts", "mpjpeg"] = "mpegts",
        frames: int | None = None,
    ) -> None:
        self._draw, self._rate, self._kind, self._frames = draw, rate, kind, frames
        self.port = free_port()
        self._began = time.monotonic()
        self._stopped = Event()
        self._server: ThreadingHTTPServer | None = None
        self.clients = 0
        """Connections so far."""

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/live"

    def __enter__(self) -> Self:
        # One of its own for each time: a connection of the last one would miss a short end of a common one.
        owner, stopped = self, Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with suppress(OSError, av.FFmpegError):
                    owner._send(self, stopped)
                self.close_connection = True

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._stopped = stopped
        self._server = Server(("127.0.0.1", self.port), Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def _send(self, client: BaseHTTPRequestHandler, stopped: Event) -> None:
        self.clients += 1
        client.send_response(200)
        client.send_header("Content-Type", _TYPES[self._kind])
        client.end_headers()
        sink = _Sink(client.wfile)
        codec, pixels = _CODECS[self._kind]
        with av.open(cast("Any", sink), "w", format=self._kind) as container:
            rate = Fraction(self._rate).limit_denominator(1001)
            stream = cast("VideoStream", container.add_stream(codec, rate=rate, options=_OPTIONS[codec]))
            stream.pix_fmt = pixels
            stream.codec_context.gop_size = _KEYFRAME_EVERY
            first = int((time.monotonic() - self._began) * self._rate)
            for number in count(first):
                if self._ended(number, first, stopped):
                    return
                image = self._draw(number)
                if number == first:
                    stream.height, stream.width = image.shape[:2]
                frame = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
                frame.pts, frame.time_base = number - first, 1 / rate
                container.mux(stream.encode(frame))
                client.wfile.flush()

    def _ended(self, number: int, first: int, stopped: Event) -> bool:
        """Wait for the time of a frame; return whether none is to be sent any more."""
        if self._frames is not None and number - first >= self._frames:
            return True
        return stopped.wait(max(self._began + number / self._rate - time.monotonic(), 0))


class _Sink(io.RawIOBase):
    """What FFmpeg writes into; without a way back."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._file.write(data)
        return len(data)
