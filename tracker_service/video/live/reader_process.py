"""A process that reads one camera or stream: ``python -m tracker_service.video.live.reader_process``.

Standard input is the socket of the service, and its end the end of this process. The address comes over it, because
other users of the machine see the arguments of a command. A stream that breaks FFmpeg, or takes it too much memory or
time, ends this process alone. Nobody has to read: then this process waits, and with it the stream.
"""

import math
import os
import socket
from contextlib import suppress
from threading import Thread

import numpy as np
from av.video.frame import VideoFrame

from tracker_service.errors import VideoError, VideoFormatError
from tracker_service.process.confinement import allow_cpu_seconds, confine
from tracker_service.process.memory import keep_freed_memory
from tracker_service.types import UInt8
from tracker_service.types.shown_text import encodable
from tracker_service.video.live.connection import Connection
from tracker_service.video.live.peers import refuse_other_hosts
from tracker_service.video.live.reader_protocol import (
    HEAD,
    LENGTH,
    LONGEST_TEXT,
    PIXEL_FORMATS,
    Head,
    MessageKind,
    ReaderSetup,
)
from tracker_service.video.live.stream_frame import StreamFrame
from tracker_service.video.pixels.decoded_picture import converted
from tracker_service.video.pixels.orientation import Orientation

_BASE_BYTES, _BYTES_A_PIXEL = 1 << 30, 100
"""Addresses beside and for the frames that a decoder holds. Raising it lets more threads decode larger frames."""
_CPU_SECONDS = 20
"""Seconds of computing from one frame to the next. Raising it lets a stream that gives none take a core for longer."""
_RGB = "rgb24"


def main() -> None:
    """Read the source that the service names until it ends or breaks, or the service wants no more."""
    with socket.socket(fileno=0) as service:
        setup = _setup(service)
        confine(memory=_BASE_BYTES + _BYTES_A_PIXEL * setup.most_pixels)
        keep_freed_memory()
        Thread(target=_end_with, args=(service,), daemon=True).start()
        with suppress(BrokenPipeError, ConnectionError):
            _send(service, _read(service, setup))


def _setup(service: socket.socket) -> ReaderSetup:
    with service.makefile("rb", buffering=0) as stream:
        (length,) = LENGTH.unpack(stream.read(LENGTH.size) or bytes(LENGTH.size))
        data = b""
        while len(data) < length and (more := stream.read(length - len(data))):
            data += more
    return ReaderSetup.unpacked(data)


def _end_with(service: socket.socket) -> None:
    """End this process when the service closes its end, or ends, whatever the source is doing."""
    with suppress(OSError):
        service.recv(1)
    os._exit(0)


def _read(service: socket.socket, setup: ReaderSetup) -> "_Message":
    """Hand over all frames; return how it ended."""
    allow_cpu_seconds(_CPU_SECONDS)
    try:
        # Playlists name addresses that nobody has allowed.
        connection = Connection(setup.address, setup.parameters, follow=False)
        refuse_other_hosts(setup.address)
        _send(service, _Message(Head(MessageKind.OPENED, number=connection.rate)))
        for frame in connection.frames():
            _send(service, _message(frame, setup))
            allow_cpu_seconds(_CPU_SECONDS)
    except VideoFormatError as error:
        return _Message.of_text(MessageKind.UNREADABLE, str(error))
    except VideoError as error:
        return _Message.of_text(MessageKind.FAILED, str(error))
    return _Message(Head(MessageKind.ENDED))


class _Message:
    def __init__(self, head: Head, payload: "bytes | memoryview" = b"") -> None:
        self.head, self.payload = head._replace(length=len(payload)), payload

    @classmethod
    def of_text(cls, kind: MessageKind, text: str) -> "_Message":
        return cls(Head(kind), encodable(text).encode()[:LONGEST_TEXT])


def _send(service: socket.socket, message: _Message) -> None:
    service.sendall(HEAD.pack(*message.head))
    service.sendall(message.payload)


def _message(frame: StreamFrame, setup: ReaderSetup) -> _Message:
    picture = frame.picture
    stamp = math.nan if frame.stamp is None else frame.stamp
    if picture is None:
        return _Message(Head(MessageKind.DAMAGED, number=stamp))
    if picture.width * picture.height > setup.most_pixels:
        size = f"{picture.width}x{picture.height}"
        raise VideoFormatError(f"{setup.address.shown}: expected at most {setup.most_pixels} pixels, got {size}")
    pixel_format, image = _image(picture)
    width, height = image.shape[1], image.shape[0] if pixel_format == _RGB else picture.height
    place = PIXEL_FORMATS.index(pixel_format)
    colours = (int(picture.colorspace), int(picture.color_range)) if pixel_format != _RGB else (0, 0)
    payload = np.ascontiguousarray(image).data.cast("B")
    return _Message(Head(MessageKind.FRAME, place, *colours, width, height, stamp), payload)


def _image(picture: VideoFrame) -> tuple[str, UInt8]:
    """Return a frame upright, in one of the formats that are handed over; as the decoder left it where that is one."""
    orientation = Orientation.of_frame(picture)
    even = picture.width % 2 == 0 and picture.height % 2 == 0
    if picture.format.name in PIXEL_FORMATS and even and orientation == Orientation():
        return picture.format.name, np.asarray(picture.to_ndarray(), np.uint8)
    return _RGB, orientation.upright(converted(picture, (picture.width, picture.height), _RGB))


if __name__ == "__main__":
    main()
