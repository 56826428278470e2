"""Frames that are given back later, so that those behind them are known."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator

from tracker_service.types import FrameResult


class DelayedFrames(ABC):
    """Takes frames in order and gives them back ``reach`` frames later, changed by `_next`.

    Args:
        reach: frames to either side that count, at least 1.
        used: frames that another one had given back and still needed, oldest first.
        waiting: frames that it had not given back.
    """

    def __init__(self, reach: int, used: Iterable[FrameResult], waiting: Iterable[FrameResult]) -> None:
        self._reach = reach
        self._used: deque[FrameResult] = deque(used, maxlen=reach)
        self._waiting: deque[FrameResult] = deque(waiting)

    @property
    def used(self) -> tuple[FrameResult, ...]:
        """Frames that were given back and are still needed."""
        return tuple(self._used)

    @property
    def waiting(self) -> tuple[FrameResult, ...]:
        """Frames as they came that were not given back yet."""
        return tuple(self._waiting)

    def push(self, frame: FrameResult) -> Iterator[FrameResult]:
        """Take the next frame; yield the one ``reach`` frames before it."""
        self._waiting.append(frame)
        if len(self._waiting) > self._reach:
            yield self._next()

    def finish(self) -> Iterator[FrameResult]:
        """Yield the frames that still wait."""
        while self._waiting:
            yield self._next()

    @abstractmethod
    def _next(self) -> FrameResult:
        """Take the first of the waiting frames, enter it among the used ones, and return it changed."""
