"""Remembers, at every border, which frames were just before it, so that a later reading finds and recognises them."""

import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from tracker_service.types import Frame, UInt8


@dataclass(frozen=True, slots=True)
class FrameMarks:
    """The frames before a border.

    Attributes:
        times: number and timestamp of the last frames before it, oldest first.
        checksum: of the very last one's pixels.
    """

    times: tuple[tuple[int, float], ...]
    checksum: int

    def recognises(self, frame: Frame) -> bool:
        """Tell whether a frame is the last one before the border."""
        return (frame.number, frame.timestamp) == self.times[-1] and _checksum(frame.image) == self.checksum

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"times": [list(time) for time in self.times], "checksum": self.checksum}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Rebuild what `to_json` took apart."""
        return cls(tuple((int(number), float(time)) for number, time in values["times"]), int(values["checksum"]))


class FrameMarker:
    """Watches decoded frames pass by.

    Args:
        every: borders are before the frames whose number is a multiple of this.
        kept: frames to remember before each border.
    """

    def __init__(self, every: int, kept: int) -> None:
        self._every = every
        self._times: deque[tuple[int, float]] = deque(maxlen=kept)
        self._marks: dict[int, FrameMarks] = {}

    def watch(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Yield the frames; those that come back later may be passed through again."""
        for frame in frames:
            self._times.append((frame.number, frame.timestamp))
            if (frame.number + 1) % self._every == 0:
                self._marks[frame.number + 1] = FrameMarks(tuple(self._times), _checksum(frame.image))
            yield frame

    def take(self, next_frame: int) -> FrameMarks:
        """Return the marks of a border and forget them; its frames have passed."""
        return self._marks.pop(next_frame)


def _checksum(image: UInt8) -> int:
    return zlib.crc32(np.ascontiguousarray(image).data)
