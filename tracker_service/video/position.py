"""Places in a video: a frame number or a time, and the range between two of them."""

import math
import re
from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.errors import SettingsError, VideoRangeError
from tracker_service.types import Float64

TIME_TOLERANCE = 0.0005
"""Seconds: Matroska rounds timestamps to milliseconds, so a frame this little early still counts as reached."""

_FORMS = 'a frame number ("120"), seconds ("4.5s") or a clock time ("00:01:02.5")'
_SECONDS = re.compile(r"(\d+\.?\d*|\.\d+)s")
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d*)?)")


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a video: exactly one of the two fields is set.

    Attributes:
        frame: index among the frames of the source, from 0.
        seconds: time since the first frame of the source, at least 0.

    Raises:
        SettingsError: both or none are set, or the value is negative or not finite.
    """

    frame: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if (self.frame is None) == (self.seconds is None):
            raise SettingsError("position: expected either a frame number or seconds, got both or neither")
        value = self.seconds if self.frame is None else self.frame
        if value is None or not math.isfinite(value) or value < 0:
            raise SettingsError(f"position: expected a value of at least 0, got {value}")

    def reached(self, number: int, timestamp: float) -> bool:
        """Tell whether the frame with this number and timestamp lies at or after the position."""
        if self.frame is not None:
            return number >= self.frame
        return timestamp + TIME_TOLERANCE >= (self.seconds or 0.0)

    def first_reached(self, timestamps: Float64) -> int:
        """Return the number of the first frame at or after the position, given all n rising timestamps; n if none."""
        if self.frame is not None:
            return min(self.frame, len(timestamps))
        return int(np.searchsorted(timestamps, (self.seconds or 0.0) - TIME_TOLERANCE))

    def __str__(self) -> str:
        return f"frame {self.frame}" if self.frame is not None else f"{self.seconds:g} s"


def parse_position(text: str) -> Position:
    """Read a position as a user types it.

    Args:
        text: ``"120"`` is frame 120; ``"4.5s"`` is 4.5 seconds; ``"1:02"`` and ``"00:01:02.5"`` are minutes and
            seconds, with or without hours.

    Raises:
        SettingsError: the text has none of these forms.
    """
    stripped = text.strip()
    if stripped.isascii() and stripped.isdigit():
        return Position(frame=int(stripped))
    if match := _SECONDS.fullmatch(stripped):
        return Position(seconds=float(match[1]))
    match = _CLOCK.fullmatch(stripped)
    if match and float(match[3]) < 60 and (match[1] is None or int(match[2]) < 60):
        return Position(seconds=int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3]))
    raise SettingsError(f'position: expected {_FORMS}, got "{text}"')


@dataclass(frozen=True, slots=True)
class Selection:
    """The frames from ``start`` (included) to ``end`` (excluded); None leaves that side open."""

    start: Position | None = None
    end: Position | None = None

    @classmethod
    def between(cls, start: Position | None, end: Position | None) -> Self:
        """Build a selection, refusing one that is empty for every video.

        Raises:
            VideoRangeError: the end does not come after the start.
        """
        if start is not None and end is not None:
            frames_reversed = start.frame is not None and end.frame is not None and end.frame <= start.frame
            times_reversed = start.seconds is not None and end.seconds is not None and end.seconds <= start.seconds
            if frames_reversed or times_reversed:
                raise VideoRangeError(f"range: expected an end after the start ({start}), got {end}")
        if end is not None and (end.frame == 0 or end.seconds == 0):
            raise VideoRangeError(f"range: expected an end after the first frame, got {end}")
        return cls(start, end)

    def begins_by(self, number: int, timestamp: float) -> bool:
        """Tell whether the frame is not before the start."""
        return self.start is None or self.start.reached(number, timestamp)

    def ends_by(self, number: int, timestamp: float) -> bool:
        """Tell whether the frame is at or past the end, and so no longer selected."""
        return self.end is not None and self.end.reached(number, timestamp)

    def estimate(self, total: int | None, fps: float) -> int | None:
        """Return about how many of ``total`` frames are selected, or None where nothing bounds them."""
        start = 0 if self.start is None else _frame_of(self.start, fps)
        ends = [total] if total is not None else []
        if self.end is not None:
            ends.append(_frame_of(self.end, fps))
        return max(min(ends) - start, 0) if ends else None

    def __str__(self) -> str:
        return f"from {self.start or 'the first frame'} to {self.end or 'the last frame'}"


def _frame_of(position: Position, fps: float) -> int:
    if position.frame is not None:
        return position.frame
    return math.ceil((position.seconds or 0.0) * fps - 1e-6)
