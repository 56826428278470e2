"""The order of frames: they arrive in any order, are released in order, and missing ones are not waited for long.

Nothing here counts from one frame number to another, so numbers may be as far apart as they like.
"""

from dataclasses import dataclass

from tracker_service.sessions.session_parameters import SessionParameters


@dataclass(slots=True)
class _Buffered:
    """A frame that has arrived; ``ready_since`` is None until its people are known."""

    ready_since: float | None = None


class ReorderBuffer:
    """Releases the frames of one video in order.

    A frame is *next* when no frame can come before it any more: it follows the last released frame, or it is frame 0.
    A frame at or before the last released one is *late* and released at once. Any other ready frame is *early* and is
    released when

    * no frame before it is buffered, and nothing has arrived, become ready or been released for ``gap_seconds``; or
    * some ready frame has waited for ``wait_seconds``. The lowest ready frames then go first; or
    * no frame before it is buffered, and `skip_missing` was called after it had arrived.

    A client that sends every k-th frame would make each of them wait; after two equal gaps in a row the distance counts
    as the regular one, until a frame in between arrives.

    All times are seconds of one monotonic clock.

    Args:
        parameters: the waiting times.
        last: the highest number released before, of a video that goes on.
    """

    def __init__(self, parameters: SessionParameters, last: int | None = None) -> None:
        self._gap_seconds = parameters.gap_seconds
        self._wait_seconds = parameters.wait_seconds
        self._buffered: dict[int, _Buffered] = {}
        self._last = last
        self._last_activity = 0.0
        self._step = 1
        self._last_gap = 0
        self._flushing = False
        self._skip_up_to = -1

    @property
    def last(self) -> int | None:
        """The highest released frame number; None before the first."""
        return self._last

    @property
    def last_activity(self) -> float:
        """When a frame last arrived, became ready, was removed or released."""
        return self._last_activity

    @property
    def highest(self) -> int | None:
        """The highest number that has arrived or been released."""
        return max((*self._buffered, *(() if self._last is None else (self._last,))), default=None)

    def add(self, number: int, now: float) -> None:
        """A frame has arrived; `mark_ready` or `remove` follows."""
        self._buffered[number] = _Buffered()
        self._last_activity = now

    def mark_ready(self, number: int, now: float) -> None:
        """A frame's people are known."""
        self._buffered[number].ready_since = now
        self._last_activity = now

    def remove(self, number: int, now: float) -> None:
        """A frame could not be computed or is no longer wanted."""
        del self._buffered[number]
        self._last_activity = now

    def flush(self) -> None:
        """Stop waiting for missing frames for good: no further frame will come."""
        self._flushing = True

    def skip_missing(self) -> None:
        """Stop waiting for frames that are missing before those buffered now; later gaps are waited for as usual."""
        self._skip_up_to = max(self._buffered, default=-1)

    def pop(self, now: float) -> int | None:
        """Release the next frame and return its number; None if there is none now."""
        number = self._next(now)
        if number is None:
            return None
        del self._buffered[number]
        self._last_activity = now
        if self._last is None or number > self._last:
            self._learn_step(number)
            self._last = number
        else:
            self._step, self._last_gap = 1, 0
        return number

    def deadline(self) -> float | None:
        """When `pop` may release a frame although nothing happens; None if it will not."""
        ready = self._ready()
        if not ready:
            return None
        longest_wait = min(ready.values()) + self._wait_seconds
        if min(self._buffered) in ready:
            return min(longest_wait, self._last_activity + self._gap_seconds)
        return longest_wait

    def _ready(self) -> dict[int, float]:
        """Return since when each ready frame has been ready."""
        return {number: frame.ready_since for number, frame in self._buffered.items() if frame.ready_since is not None}

    def _next(self, now: float) -> int | None:
        ready = self._ready()
        if not ready:
            return None
        first = min(ready)
        if self._is_late(first):
            return first
        early = [number for number in self._buffered if not self._is_late(number)]
        if first == min(early) and (self._needs_no_wait(first) or now >= self._last_activity + self._gap_seconds):
            return first
        return first if now >= min(ready.values()) + self._wait_seconds else None

    def _is_late(self, number: int) -> bool:
        return self._last is not None and number <= self._last

    def _needs_no_wait(self, number: int) -> bool:
        return self._flushing or number <= self._skip_up_to or self._follows(number)

    def _follows(self, number: int) -> bool:
        return number == 0 if self._last is None else number <= self._last + self._step

    def _learn_step(self, number: int) -> None:
        if self._last is None:
            return
        gap = number - self._last
        if gap < self._step or gap == 1:
            self._step, self._last_gap = 1, 0
        elif gap > self._step:
            self._step = gap if gap == self._last_gap else 1
            self._last_gap = gap
