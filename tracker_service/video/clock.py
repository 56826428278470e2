"""Presentation times: seconds since the first frame, from the timestamps that a container really carries."""

from fractions import Fraction

from av.video.frame import VideoFrame

SMALL_STEP_BACK = 2.5
"""Frame periods: a timestamp that goes back by less is a rounding or muxing fault, by more a new timeline."""


class PresentationClock:
    """Gives every frame a time that is true to the container and strictly rises.

    Missing timestamps continue at the nominal rate. A timestamp that repeats or steps back a little is moved just
    behind the previous one, so later frames keep their true time; one that falls back far (a wrapped counter, a spliced
    stream) starts a new timeline one frame period later.

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
        self._shift = 0.0
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
        if ticks is None:
            return 0.0 if self._last is None else self._last + self._period
        if self._origin is None:
            known = 0.0 if self._last is None else self._last + self._period
            self._origin = ticks - round(known / self._time_base)
        seconds = (ticks - self._origin) * self._time_base + self._shift
        if self._last is None:
            return max(seconds, 0.0)
        if seconds > self._last:
            return seconds
        if self._last - seconds < SMALL_STEP_BACK * self._period:
            return self._last + self._period / 100
        self._shift += self._last + self._period - seconds
        return self._last + self._period
