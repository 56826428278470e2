"""A camera for measurements: a clip that shows the time, encoded once and sent in its own time by another process.

Every frame has its number burnt into a strip at its lower edge, black and white blocks, the lowest bit first. A reader
finds in the frame itself when it was shown, whatever the network and the decoder did with it.
"""

import multiprocessing
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from harness.waiting import until
from tracker_service.types import UInt8

_BITS = 12
_STRIP = 24
_TICKS = 90_000
_KEYFRAME_EVERY = 15


def stamped(image: UInt8, number: int) -> UInt8:
    """Return the image with the number burnt into its lower edge."""
    height, width = image.shape[:2]
    bits = (number >> np.arange(_BITS)) & 1
    strip = np.repeat(bits.astype(np.uint8) * 200 + 25, -(-width // _BITS))[:width]
    shown = image.copy()
    shown[height - _STRIP :] = strip[None, :, None]
    return shown


def read_stamp(image: UInt8) -> int:
    """Return the number that `stamped` burnt in."""
    height, width = image.shape[:2]
    columns = (2 * np.arange(_BITS) + 1) * -(-width // _BITS) // 2
    row = image[height - _STRIP // 2].mean(axis=-1)
    return int(((row[np.minimum(columns, width - 1)] > 125) * (1 << np.arange(_BITS))).sum())


def encode_loop(target: Path, images: Sequence[UInt8], rate: float, frames: int) -> Path:
    """Write stamped frames without B-frames, as cameras send them, as the name's ending says; returns the path."""
    height, width = images[0].shape[:2]
    with av.open(str(target), "w") as container:
        options = {"preset": "veryfast", "tune": "zerolatency", "crf": "20"}
        stream = container.add_stream("libx264", rate=Fraction(rate).limit_denominator(1001), options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = _KEYFRAME_EVERY
        for number in range(frames):
            frame = VideoFrame.from_ndarray(stamped(images[number % len(images)], number), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target


def images_of(video: Path, size: tuple[int, int], box: tuple[float, float, float, float], most: int) -> list[UInt8]:
    """Return frames of a video, cut to a part of it (left, top, right, bottom; 0 to 1) and scaled to a size."""
    images = []
    with av.open(str(video)) as source:
        for frame in source.decode(video=0):
            image = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            height, width = image.shape[:2]
            left, top, right, bottom = box
            part = image[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
            images.append(np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_LINEAR), np.uint8))
            if len(images) == most:
                break
    return images


@contextmanager
def camera(loop: Path, rate: float, port: int, began: float) -> Iterator[int]:
    """Run a camera in another process; yields its process id.

    Args:
        loop: what `encode_loop` wrote; sent again and again.
        rate: its frames a second.
        port: of HTTP on this machine.
        began: when frame 0 was shown, seconds since the Unix epoch; clients get the frames of their time.
    """
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(loop, rate, port, began), daemon=True)
    process.start()
    until(lambda: _listens(port))
    try:
        yield process.pid or 0
    finally:
        process.kill()
        process.join()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _serve(loop: Path, rate: float, port: int, began: float) -> None:
    with av.open(str(loop)) as source:
        template = source.streams.video[0]
        packets = [bytes(packet) for packet in source.demux(template) if packet.size]

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "video/mp2t")
                self.end_headers()
                with suppress(OSError, av.FFmpegError):
                    _send(self.wfile, source.streams.video[0], packets, rate, began)
                self.close_connection = True

            def log_message(self, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        server.serve_forever()


def _send(file: Any, template: VideoStream, packets: Sequence[bytes], rate: float, began: float) -> None:
    # A keyframe of now: cameras send one when somebody connects.
    first = int((time.time() - began) * rate) // _KEYFRAME_EVERY * _KEYFRAME_EVERY
    with av.open(file, "w", format="mpegts", options={"flush_packets": "1"}) as container:
        stream = container.add_stream_from_template(template)
        for number in count(first):
            time.sleep(max(began + number / rate - time.time(), 0))
            packet = Packet(packets[number % len(packets)])
            packet.pts = packet.dts = round((number - first) * _TICKS / rate)
            packet.time_base = Fraction(1, _TICKS)
            packet.is_keyframe = number % _KEYFRAME_EVERY == 0
            packet.stream = stream
            container.mux(packet)
