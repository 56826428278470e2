"""A connection that another process reads: what a stranger's stream does to FFmpeg, it does not do to us."""

import math
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
from av.video.frame import VideoFrame

from tracker_service.errors import VideoError, VideoFormatError
from tracker_service.process import confinement
from tracker_service.types.shown_text import on_one_line
from tracker_service.video.live import reader_process
from tracker_service.video.live.address import LiveAddress
from tracker_service.video.live.reader_protocol import (
    HEAD,
    LONGEST_TEXT,
    PIXEL_FORMATS,
    Head,
    MessageKind,
    ReaderSetup,
    image_shape,
)
from tracker_service.video.live.source_parameters import LiveSourceParameters
from tracker_service.video.live.stream_frame import StreamFrame

_START_SECONDS = 60.0
"""Seconds beside connecting that the process may take to begin. Raising it waits longer on a machine under load."""
_WITHOUT_FRAMES = 30.0
"""Seconds beside its silence for which a stream may send without a frame coming of it, as before its first keyframe.
Raising it waits longer for streams of rare keyframes."""
_ERRORS = {MessageKind.FAILED: VideoError, MessageKind.UNREADABLE: VideoFormatError}


class SeparateConnection:
    """An opened camera or stream, read in a confined process of its own; playlists are not followed.

    At most a frame or two lie between the processes: where nobody takes frames, the stream waits.

    Args:
        address: where it is.
        parameters: how it is read.
        most_pixels: of one frame. Raising it reads larger ones, and lets the process take more memory.

    Attributes:
        rate: frames a second that the stream states.

    Raises:
        VideoError: nothing answers there, it gives no video, or it breaks the process that reads it.
    """

    def __init__(self, address: LiveAddress, parameters: LiveSourceParameters, *, most_pixels: int) -> None:
        self._address, self._most_pixels = address, most_pixels
        self._silence = parameters.silence_seconds
        self._socket, theirs = socket.socketpair()
        try:
            self._process = _started(theirs)
        except BaseException:
            self._socket.close()
            raise
        try:
            self._socket.settimeout(_START_SECONDS + 2 * parameters.connect_seconds)
            with suppress(ConnectionError):  # it has ended; reading tells
                self._socket.sendall(ReaderSetup(address, parameters, most_pixels).packed())
            head = self._head()
            self._raise_if_failed(head)
        except BaseException:
            self.close()
            raise
        self.rate = head.number if math.isfinite(head.number) and head.number > 0 else 1.0

    def frames(self) -> Iterator[StreamFrame]:
        """Yield the frames as they come; ends where the stream does.

        Raises:
            VideoError: no frame comes, the connection broke, or the process that reads it ended.
        """
        self._socket.settimeout(self._silence + _WITHOUT_FRAMES)
        while (head := self._head()).kind != MessageKind.ENDED:
            self._raise_if_failed(head)
            picture = self._picture(head) if head.kind == MessageKind.FRAME else None
            yield StreamFrame(head.number if math.isfinite(head.number) else None, picture)

    def close(self) -> None:
        """End the process; not while another thread reads from it."""
        self._process.kill()
        self._process.wait()
        self._socket.close()

    @property
    def process_id(self) -> int:
        """The process that reads."""
        return self._process.pid

    def _head(self) -> Head:
        return Head(*HEAD.unpack(self._exactly(HEAD.size)))

    def _raise_if_failed(self, head: Head) -> None:
        if head.kind in _ERRORS:
            text = self._exactly(min(head.length, LONGEST_TEXT)).decode(errors="replace")
            raise _ERRORS[MessageKind(head.kind)](on_one_line(text))

    def _picture(self, head: Head) -> VideoFrame:
        """Read the pixels of a frame; what the process says of them is not believed, because a stream may rule it."""
        if head.pixel_format >= len(PIXEL_FORMATS) or not 0 < head.width * head.height <= self._most_pixels:
            raise self._broken()
        pixel_format = PIXEL_FORMATS[head.pixel_format]
        shape = image_shape(pixel_format, head.width, head.height)
        if head.length != math.prod(shape) or (len(shape) == 2 and (head.width % 2 or head.height % 2)):
            raise self._broken()
        image = np.frombuffer(self._exactly(head.length), np.uint8).reshape(shape)
        picture = VideoFrame.from_ndarray(image, format=pixel_format)
        if pixel_format != "rgb24":
            picture.colorspace, picture.color_range = head.colorspace, head.color_range
        return picture

    def _exactly(self, length: int) -> bytearray:
        data = bytearray(length)
        place, read = memoryview(data), 0
        while read < length:
            try:
                count = self._socket.recv_into(place[read:])
            except TimeoutError:
                seconds = self._socket.gettimeout() or 0.0
                raise VideoError(
                    f"{self._address.shown}: expected frames, got nothing for {seconds:g} seconds"
                ) from None
            except ConnectionError:
                count = 0
            if not count:
                raise self._broken()
            read += count
        return data

    def _broken(self) -> VideoError:
        return VideoError(
            f"{self._address.shown}: expected frames, got a stream that breaks the decoder, "
            "or takes it too much memory or time"
        )


def _started(theirs: socket.socket) -> subprocess.Popen[bytes]:
    with theirs:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            confinement.command(reader_process.__name__),
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**confinement.environment(), "PATH": os.environ.get("PATH", os.defpath)},  # an ffmpeg for SRT
            cwd="/",
        )
