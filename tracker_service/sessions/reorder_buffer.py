"""Whose turn it is: frames that arrive in any order are associated in theirs, and missing ones are not waited for long.

Nothing here counts from one frame number to another, so numbers may be as far apart as they like.
"""

from dataclasses import dataclass

from tracker_service.sessions.session_parameters import SessionParameters


@dataclass(slots=True)
class _Present:
    """A frame that has arrived; ``ready_since`` is None while its people are being looked for."""

    ready_since: float | None = None


class Turns:
    """Puts the frames of one video in order.

    A frame is *due* when nothing can come before it any more: it follows the last associated frame, or it is frame 0.
    A frame at or before the last associated one is *late* and due at once. Any other ready frame is *early* and becomes
    due when

    * no frame before it is present, and nothing has arrived, become ready or been associated for ``gap_seconds``; or
    * some ready frame has waited for ``wait_seconds``. The lowest ready frames then go first; or
    * no frame before it is present, and `relieve` was called after it had arrived.

    A client that sends every k-th frame would make each of them wait; after two equal gaps in a row the distance counts
    as the regular one, until a frame in between arrives.

    All times are seconds of one monotonic clock.
    """

    def __init__(self, parameters: SessionParameters) -> None:
        self._gap_seconds = parameters.gap_seconds
        self._wait_seconds = parameters.wait_seconds
        self._present: dict[int, _Present] = {}
        self._last: int | None = None
        self._moved = 0.0
        self._step = 1
        self._last_gap = 0
        self._hurry = False
        self._relieved = -1

    @property
    def last(self) -> int | None:
        """The highest associated frame number; None before the first."""
        return self._last

    @property
    def moved(self) -> float:
        """When something last arrived, became ready, failed or was associated."""
        return self._moved

    @property
    def highest(self) -> int | None:
        """The highest number that has arrived or been associated."""
        return max((*self._present, *(() if self._last is None else (self._last,))), default=None)

    def arrive(self, number: int, now: float) -> None:
        """A frame has been accepted; it will be reported ready or gone."""
        self._present[number] = _Present()
        self._moved = now

    def ready(self, number: int, now: float) -> None:
        """A frame's people are known."""
        self._present[number].ready_since = now
        self._moved = now

    def gone(self, number: int, now: float) -> None:
        """A frame could not be computed or is no longer wanted."""
        del self._present[number]
        self._moved = now

    def hurry(self) -> None:
        """Wait for missing frames no more: no further frame will come."""
        self._hurry = True

    def relieve(self) -> None:
        """Wait for missing frames no more where frames after them are present: there is no room for them to come in."""
        self._relieved = max(self._present, default=-1)

    def take(self, now: float) -> int | None:
        """Return the frame whose turn it is, which is then associated; None if there is none now."""
        number = self._next(now)
        if number is None:
            return None
        del self._present[number]
        self._moved = now
        if self._last is None or number > self._last:
            self._learn_step(number)
            self._last = number
        else:
            self._step, self._last_gap = 1, 0
        return number

    def deadline(self) -> float | None:
        """When `take` may return a frame although nothing moves; None if it will not."""
        ready = {number: state.ready_since for number, state in self._present.items() if state.ready_since is not None}
        if not ready:
            return None
        patience = min(ready.values()) + self._wait_seconds
        if min(self._present) in ready:
            return min(patience, self._moved + self._gap_seconds)
        return patience

    def _next(self, now: float) -> int | None:
        ready = [number for number, state in self._present.items() if state.ready_since is not None]
        if not ready:
            return None
        first = min(ready)
        if self._is_late(first):
            return first
        early = [number for number in self._present if not self._is_late(number)]
        if first == min(early) and (self._is_free(first) or now >= self._moved + self._gap_seconds):
            return first
        oldest = min(state.ready_since for state in self._present.values() if state.ready_since is not None)
        return first if now >= oldest + self._wait_seconds else None

    def _is_late(self, number: int) -> bool:
        return self._last is not None and number <= self._last

    def _is_free(self, number: int) -> bool:
        return self._hurry or number <= self._relieved or self._follows(number)

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
