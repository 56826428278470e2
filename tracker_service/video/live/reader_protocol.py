"""What passes between us and the process that reads a camera or stream: one setup there, messages back."""

import struct
from dataclasses import asdict, dataclass, fields
from enum import IntEnum
from typing import NamedTuple, Self

import orjson

from tracker_service.video.live.address import LiveAddress
from tracker_service.video.live.source_parameters import LiveSourceParameters

LENGTH = struct.Struct("<I")
"""Bytes of the setup that follows it."""
HEAD = struct.Struct("<BBBBIIdI")
"""A message; see `Head`."""
LONGEST_TEXT = 1000
"""Bytes of an error's message."""
PIXEL_FORMATS = ("yuv420p", "yuvj420p", "rgb24")
"""Pixel formats in which frames are handed over; whatever else a stream has becomes the last."""


class MessageKind(IntEnum):
    """What a message says."""

    OPENED = 1
    FRAME = 2
    DAMAGED = 3
    ENDED = 4
    FAILED = 5
    UNREADABLE = 6


class Head(NamedTuple):
    """What stands before the payload of a message.

    Attributes:
        kind: a `MessageKind`.
        pixel_format: place in `PIXEL_FORMATS`.
        colorspace, color_range: FFmpeg's numbers of the colour matrix and range.
        width, height: of the frame, pixels.
        number: the rate when opened; a frame's timestamp in seconds, not a number where it has none.
        length: bytes of the payload: pixels, or an error's message.
    """

    kind: int
    pixel_format: int = 0
    colorspace: int = 0
    color_range: int = 0
    width: int = 0
    height: int = 0
    number: float = 0.0
    length: int = 0


@dataclass(frozen=True, slots=True)
class ReaderSetup:
    """What is read, and how.

    Attributes:
        address: where it is.
        parameters: how it is read.
        most_pixels: of one frame; larger ones are not read.
    """

    address: LiveAddress
    parameters: LiveSourceParameters
    most_pixels: int

    def packed(self) -> bytes:
        """Return it as bytes, their length first."""
        reading = {field.name: getattr(self.parameters, field.name) for field in fields(LiveSourceParameters)}
        whole = {"address": asdict(self.address), "parameters": reading, "most_pixels": self.most_pixels}
        data = orjson.dumps(whole)
        return LENGTH.pack(len(data)) + data

    @classmethod
    def unpacked(cls, data: bytes) -> Self:
        """Read what `packed` made, without the length."""
        whole = orjson.loads(data)
        return cls(LiveAddress(**whole["address"]), LiveSourceParameters(**whole["parameters"]), whole["most_pixels"])


def image_shape(pixel_format: str, width: int, height: int) -> tuple[int, ...]:
    """Return the shape of the uint8 array that holds a frame; the planes of a YUV frame lie below each other."""
    return (height, width, 3) if pixel_format == "rgb24" else (height * 3 // 2, width)
