"""When a frame of a stream was taken: its own timestamps, laid on the clock of this machine."""

from collections.abc import Callable

_CLOCK_JUMP = 2.0
"""Seconds by which a stream's clock may run ahead of ours from one frame to the next before it counts as a jump."""
_DRIFT_PERIOD = 30.0
"""Seconds over which the smallest delay is looked for."""


class StreamClock:
    """Lays the timestamps of one connection on our own, steady clock.

    A network delivers frames unevenly; their timestamps say how far apart they were taken. So a frame's time is its
    timestamp on a timeline that is anchored at the first frame's arrival. No frame is taken after it arrives: one that
    comes too soon moves the anchor back, and where every frame of the last half minute came late, as the camera's clock
    is slower than ours, it moves on by the smallest delay.

    Args:
        on_jump: called with the seconds by which the stream's clock jumped; the timeline is anchored anew then.
    """

    def __init__(self, on_jump: Callable[[float], None]) -> None:
        self._on_jump = on_jump
        self._anchor: float | None = None
        self._last_stamp = 0.0
        self._last_arrival = 0.0
        self._smallest: float | None = None
        self._period_end = 0.0

    def time_of(self, stamp: float | None, arrival: float) -> float:
        """Return when a frame was taken, in seconds of our clock, never later than its arrival.

        Args:
            stamp: its timestamp in seconds; None where the stream gives none.
            arrival: when it came, seconds of our clock.
        """
        if stamp is None:
            return arrival
        if self._anchor is None:
            self._begin(stamp, arrival)
        elif (jump := self._jump(stamp, arrival)) is not None:
            self._on_jump(jump)
            self._begin(stamp, arrival)
        self._last_stamp, self._last_arrival = stamp, arrival
        return self._placed(stamp, arrival)

    def _begin(self, stamp: float, arrival: float) -> None:
        self._anchor = arrival - stamp
        self._smallest, self._period_end = None, arrival + _DRIFT_PERIOD

    def _jump(self, stamp: float, arrival: float) -> float | None:
        step = stamp - self._last_stamp
        ahead = step - (arrival - self._last_arrival)
        # Segments of a playlist come at once: a stream may run ahead of us, but not by one step.
        return ahead if step < 0 or ahead > _CLOCK_JUMP else None

    def _placed(self, stamp: float, arrival: float) -> float:
        anchor = self._anchor if self._anchor is not None else arrival - stamp
        delay = arrival - (anchor + stamp)
        if delay < 0:
            anchor, delay = arrival - stamp, 0.0
        self._smallest = delay if self._smallest is None else min(self._smallest, delay)
        if arrival >= self._period_end:
            anchor += self._smallest
            self._smallest, self._period_end = None, arrival + _DRIFT_PERIOD
        self._anchor = anchor
        return min(anchor + stamp, arrival)
