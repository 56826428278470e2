"""Presentation times: seconds since the first frame, from the timestamps in the container."""

from fractions import Fraction

from av.video.frame import VideoFrame

SMALL_STEP_BACK = 2.5
"""Frame periods: a timestamp that goes back by less is a rounding or muxing fault, by more a new timeline."""

LONGEST_GAP = 86_400.0
"""Seconds: a timestamp further ahead is a new timeline."""


class PresentationClock:
    """Gives every frame the container's time, strictly increasing.

    Missing timestamps continue at the nominal rate. A timestamp that repeats or steps back a little is moved just
    behind the previous one, so later frames keep their true time; one that falls back far or leaps ahead by a day (a
    wrapped counter, a spliced stream) starts a new timeline one frame period later.

    Args:
        fps: nominal frame rate, for frames without a timestamp.
        time_base: seconds per tick of the stream.
        origin: timestamp, in ticks, of the first frame of the source; None takes that of the first frame seen.
        decoding_order: use decoding instead of presentation timestamps: AVI stores no presentation times, and FFmpeg
            fills them with wrong ones when there are B-frames.
    """

    def __init__(
        self, fps: float, time_base: Fraction, origin: int | None = None, *, decoding_order: bool = False
    ) -> None:
        self._period = 1.0 / fps
        self._time_base = float(time_base)
        self._origin = origin
        self._decoding_order = decoding_order
        self._last: float | None = None

    @property
    def end(self) -> float:
        """Seconds from the first frame to the end of the latest one."""
        return 0.0 if self._last is None else self._last + self._period

    def time_of(self, frame: VideoFrame) -> float:
        """Return the seconds since the first frame; call once per frame, in presentation order."""
        self._last = self._next(frame)
        return self._last

    def _next(self, frame: VideoFrame) -> float:
        ticks = frame.dts if self._decoding_order else frame.pts
        expected = 0.0 if self._last is None else self._last + self._period
        if ticks is None:
            return expected
        if self._origin is None:
            self._origin = self._origin_for(ticks, expected)
        seconds = (ticks - self._origin) * self._time_base
        if self._last is None:
            return max(seconds, 0.0)
        if self._last < seconds < self._last + LONGEST_GAP:
            return seconds
        if 0 <= self._last - seconds < SMALL_STEP_BACK * self._period:
            return self._last + self._period / 100
        self._origin = self._origin_for(ticks, expected)
        return expected

    def _origin_for(self, ticks: int, seconds: float) -> int:
        """Return the origin of the timeline on which ``ticks`` falls on ``seconds``."""
        return ticks - round(seconds / self._time_base)
