"""Who may begin next: the clients in turn, the work of each in the order in which it came."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Turn:
    """A turn.

    Attributes:
        rest: seconds after its end until its client may have another one in its place, if that asks for several at a
            time; others need not wait for that.
    """

    rest: float = 0.0


class FairTurns:
    """Lets work begin; belongs to one event loop.

    Args:
        places: work that runs at the same time.
        share: of one client. Raising it lets one client make others wait for what it runs.
    """

    def __init__(self, places: int, share: int) -> None:
        self._free, self._share = places, max(1, share)
        self._running: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[Turn]:
        """Wait for the turn of ``client``, which lasts as long as the context."""
        loop, turn = asyncio.get_running_loop(), Turn()
        begins: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(client, deque()).append(begins)
        self._begin()
        try:
            await begins
            yield turn
        finally:
            if begins.done() and not begins.cancelled():
                self._free += 1
                if turn.rest and (self._running[client] > 1 or client in self._waiting):
                    loop.call_later(turn.rest, self._end, client)
                else:
                    self._end(client)
            self._begin()

    def _begin(self) -> None:
        while self._free and (client := self._next()) is not None:
            begins = self._waiting[client].popleft()
            self._waiting.move_to_end(client)
            if not self._waiting[client]:
                del self._waiting[client]
            if not begins.cancelled():
                self._free -= 1
                self._running[client] += 1
                begins.set_result(None)

    def _next(self) -> str | None:
        return next((client for client in self._waiting if self._running[client] < self._share), None)

    def _end(self, client: str) -> None:
        self._running[client] -= 1
        if not self._running[client]:
            del self._running[client]
        self._begin()
