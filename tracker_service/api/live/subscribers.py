"""Who follows a live stream: each gets the newest results, and a slow one fewer of them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_MOST_WAITING = 4
"""Messages that wait for one reader. Raising it lets a reader be late for longer, at some 10 kB each."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something that is said.

    Attributes:
        data: JSON, or a packed result.
        packed: which of both.
    """

    data: bytes
    packed: bool = False


class Subscriber:
    """One reader; belongs to the event loop.

    Args:
        packed: whether it wants results packed in place of JSON.
    """

    def __init__(self, *, packed: bool) -> None:
        self.packed = packed
        self._messages: deque[Message] = deque(maxlen=_MOST_WAITING)
        self._changed = asyncio.Event()
        self._ended = False

    def give(self, message: Message) -> None:
        """Add a message; the oldest goes where there are too many."""
        self._messages.append(message)
        self._changed.set()

    def end(self) -> None:
        """Say that there will be no more."""
        self._ended = True
        self._changed.set()

    async def messages(self, idle_seconds: float) -> AsyncIterator[Message | None]:
        """Yield the messages as they come, None after so long without one."""
        while not self._ended or self._messages:
            if self._messages:
                yield self._messages.popleft()
                continue
            self._changed.clear()
            try:
                async with asyncio.timeout(idle_seconds):
                    await self._changed.wait()
            except TimeoutError:
                yield None


class Subscribers:
    """All readers of one stream."""

    def __init__(self) -> None:
        self._subscribers: set[Subscriber] = set()

    def __len__(self) -> int:
        return len(self._subscribers)

    def want(self, *, packed: bool) -> bool:
        """Return whether somebody wants results in this form."""
        return any(subscriber.packed is packed for subscriber in self._subscribers)

    @contextmanager
    def joined(self, *, packed: bool = False) -> Iterator[Subscriber]:
        """Add a reader for the time of the context."""
        subscriber = Subscriber(packed=packed)
        self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)

    def give(self, message: bytes) -> None:
        """Give a message to every reader."""
        for subscriber in self._subscribers:
            subscriber.give(Message(message))

    def give_result(self, message: bytes, *, packed: bool) -> None:
        """Give a result to the readers who want it in this form."""
        for subscriber in self._subscribers:
            if subscriber.packed is packed:
                subscriber.give(Message(message, packed))

    def end(self) -> None:
        """Let every reader end."""
        for subscriber in self._subscribers:
            subscriber.end()
