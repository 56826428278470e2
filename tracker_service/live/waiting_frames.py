"""The frames between a camera and the models: few, and the newest first where the models are too slow."""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Condition
from typing import Generic, Protocol, TypeVar

from tracker_service.errors import PhalpTritonError
from tracker_service.live.live_parameters import LiveParameters

_MILLISECONDS = 1000.0


class Arrived(Protocol):
    """A frame that came at a time of `time.monotonic`."""

    @property
    def arrived(self) -> float:
        """Seconds."""
        ...


Item = TypeVar("Item", bound=Arrived)


@dataclass(frozen=True, slots=True)
class Taken(Generic[Item]):
    """The frame whose turn it is.

    Attributes:
        item: the frame.
        skipped: frames since the one taken before it that are not computed.
    """

    item: Item
    skipped: int


class WaitingFrames(Generic[Item]):
    """Holds frames until their turn; one thread gives them, another takes them.

    With ``drop=oldest`` giving never waits: a frame that finds no room pushes the oldest out, and once the oldest has
    waited longer than ``latency_ms`` everything but the newest is skipped. With ``drop=none`` giving waits for room.

    Args:
        parameters: the policy.
    """

    def __init__(self, parameters: LiveParameters) -> None:
        self._drops = parameters.drop == "oldest"
        self._longest_wait = parameters.latency_ms / _MILLISECONDS
        self._most = parameters.waiting_frames
        self._items: deque[Item] = deque()
        self._changed = Condition()
        self._skipped = 0
        self._ended = False
        self._error: BaseException | None = None

    def give(self, item: Item) -> bool:
        """Add a frame; returns False once nobody takes frames any more."""
        with self._changed:
            while len(self._items) >= self._most and not self._ended:
                if self._drops:
                    self._items.popleft()
                    self._skipped += 1
                else:
                    self._changed.wait()
            if self._ended:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def give_all(self, items: Iterable[Item]) -> None:
        """Add the frames of a source as they come, and end with it or with its error; returns at the end."""
        try:
            for item in items:
                if not self.give(item):
                    return
        except PhalpTritonError as error:
            self.end(error)
        finally:
            self.end()

    def take(self) -> Taken[Item] | None:
        """Wait for the next frame to compute; None at the end. Raises the error with which the frames ended."""
        with self._changed:
            while not self._items and not self._ended:
                self._changed.wait()
            if not self._items:
                if self._error is not None:
                    raise self._error
                return None
            if self._drops and time.monotonic() - self._items[0].arrived > self._longest_wait:
                self._skipped += len(self._items) - 1
                self._items = deque([self._items[-1]])
            item, skipped, self._skipped = self._items.popleft(), self._skipped, 0
            self._changed.notify_all()
            return Taken(item, skipped)

    def end(self, error: BaseException | None = None, *, discard: bool = False) -> None:
        """Say that no more frames come, or, with ``discard``, that nobody takes those that wait."""
        with self._changed:
            self._ended = True
            self._error = self._error or error
            if discard:
                self._skipped += len(self._items)
                self._items.clear()
            self._changed.notify_all()

    @property
    def left_over(self) -> int:
        """Frames skipped since the last one was taken."""
        with self._changed:
            return self._skipped
