"""One decoder process as the service sees it: started when it is needed, killed when it must end."""

import math
import os
import socket
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import BinaryIO, TypeVar

import numpy as np

from tracker_service.api.images.decoded_image import DecodedImage
from tracker_service.api.images.decoder import process as decoder_process
from tracker_service.api.images.decoder.protocol import (
    ANSWER,
    CHANNELS,
    REQUEST,
    SETUP,
    DecodeAnswer,
    DecodeRequest,
)
from tracker_service.api.images.image_header import ImageHeader
from tracker_service.errors import ImageFormatError
from tracker_service.process import confinement
from tracker_service.types.calibration import FocalLength, FocalSource

Made = TypeVar("Made")

CPU_SECONDS = 10
"""Seconds of computing for one image; the largest of the default limits take about one."""
_BASE_BYTES = 512 << 20
_BYTES_A_PIXEL = 32
"""A progressive CMYK file that is turned: its coefficients, two pictures of four bytes, and the answer."""
_LONGEST = 100.0
"""Focal lengths over the diagonal; the longest lenses have some 50."""
_KEPT_BYTES = 64 << 20
"""Shared memory that a decoder keeps. Raising it saves clearing pages for large images."""


class Decoder:
    """A process that decodes one image at a time; `decode` is for one thread at a time, `kill` for any.

    Args:
        most_pixels: of one image.
    """

    def __init__(self, most_pixels: int) -> None:
        self._memory_bytes = _BASE_BYTES + _BYTES_A_PIXEL * most_pixels
        self._lock = Lock()
        self._killed = self._decoding = False
        self._running: _Running | None = None
        self._size = 0

    @property
    def usable(self) -> bool:
        """Whether it can be given an image: it has not been killed, by us or by somebody else."""
        running = self._running
        return not self._killed and (running is None or running.process.poll() is None)

    def start(self) -> None:
        """Start the process, if it does not run; nothing happens after `kill`."""
        with self._lock:
            if self._running is None and not self._killed:
                self._running = _Running.begin(self._memory_bytes)

    def decode(self, data: bytes, header: ImageHeader, then: Callable[[DecodedImage], Made]) -> Made:
        """Decode an image.

        Args:
            data: the file.
            header: what its header says.
            then: is given the image.

        Returns:
            What ``then`` returns.

        Raises:
            ImageFormatError: the file is damaged, or took too much memory or time; in the latter cases this decoder
                can no longer be used.
        """
        self.start()
        self._decoding = True
        try:
            return then(self._decoded(data, header))
        except OSError:
            self.kill()
            raise ImageFormatError(
                f"image: expected a file that can be decoded within {CPU_SECONDS} s, got one that breaks the decoder"
            ) from None
        finally:
            with self._lock:
                self._decoding = False
                self._release()

    def kill(self) -> None:
        """End the process at once; a decoding that runs raises `ImageFormatError`."""
        with self._lock:
            self._killed = True
            if self._running is not None:
                self._running.process.kill()
                self._running.process.wait()
            self._release()

    def _release(self) -> None:
        """Close what a killed process leaves, once no thread uses it: another file could get its number."""
        if self._killed and not self._decoding and self._running is not None:
            running, self._running = self._running, None
            running.socket.close()
            running.memory.close()

    def _decoded(self, data: bytes, header: ImageHeader) -> DecodedImage:
        running = self._running
        if running is None:
            raise OSError("killed before it was started")
        self._resize(running, max(len(data), header.pixels * CHANNELS))
        os.pwrite(running.memory.fileno(), data, 0)
        request = DecodeRequest(len(data), header.kind == "PNG", header.width, header.height)
        running.socket.sendall(REQUEST.pack(*request))
        answer = running.socket.recv(ANSWER.size, socket.MSG_WAITALL)
        if len(answer) < ANSWER.size:
            raise OSError("the decoder has ended")
        return self._read(running, DecodeAnswer(*ANSWER.unpack(answer)), header)

    def _read(self, running: "_Running", answer: DecodeAnswer, header: ImageHeader) -> DecodedImage:
        if not answer.decoded:
            raise ImageFormatError("image: expected a complete file, got damaged or missing data")
        if sorted((answer.width, answer.height)) != sorted((header.width, header.height)):
            raise OSError("the decoder gives another size")
        # Read, not mapped: the process could take mapped memory away under our feet.
        pixels = np.empty((answer.height, answer.width, CHANNELS), np.uint8)
        if os.preadv(running.memory.fileno(), [pixels.data], 0) < pixels.nbytes:
            raise OSError("the decoder gives too little")
        if self._size > _KEPT_BYTES:
            self._resize(running, 0)
        return DecodedImage(pixels, _focal(answer))

    def _resize(self, running: "_Running", size: int) -> None:
        if size > self._size or size == 0:
            os.ftruncate(running.memory.fileno(), size)
            self._size = size


def _focal(answer: DecodeAnswer) -> FocalLength | None:
    diagonal = math.hypot(answer.width, answer.height)
    pixels = answer.over_diagonal * diagonal
    # The process may be anybody's by now: its numbers are only taken where they can be true.
    return FocalLength(FocalSource.METADATA, pixels) if 0 < answer.over_diagonal < _LONGEST else None


@dataclass(frozen=True, slots=True)
class _Running:
    """A running process, the socket to it, and the memory that both share."""

    process: subprocess.Popen[bytes]
    socket: socket.socket
    memory: BinaryIO

    @classmethod
    def begin(cls, memory_bytes: int) -> "_Running":
        """Start one."""
        memory = _shared_memory()
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                confinement.command(decoder_process.__name__, str(memory.fileno())),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=confinement.environment(),
                pass_fds=(memory.fileno(),),
                start_new_session=True,
            )
        ours.sendall(SETUP.pack(memory_bytes, CPU_SECONDS))
        return cls(process, ours, memory)


def _shared_memory() -> BinaryIO:
    """Return memory that has no name."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("image"), "r+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)
