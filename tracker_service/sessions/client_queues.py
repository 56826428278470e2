"""Frames that wait for their batch: the clients in turn, the frames of each in the order in which they came."""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Collection
from typing import Generic, TypeVar

Item = TypeVar("Item")

_PRESENT_SECONDS = 60.0
"""How long a client counts as present after it has sent something. Raising it keeps batches small for longer."""
_NEAR_SECONDS = 10.0
"""How long a client that has sent something finds a worker free. Raising it leaves one idle for longer."""
_PART_OF_A_BATCH = 4
"""One client's frames are at most such a part of a batch while others are present. Raising it makes batches smaller,
which costs throughput on a GPU, and lets the others wait for a shorter one."""


class ClientQueues(Generic[Item]):
    """A queue for each client; belongs to one event loop.

    Args:
        clock: seconds that only rise.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._queues: OrderedDict[str, deque[Item]] = OrderedDict()
        self._present: OrderedDict[str, float] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._queues)

    def append(self, client: str, item: Item) -> None:
        """Queue an item behind those of its client."""
        self._queues.setdefault(client, deque()).append(item)
        self._present[client] = self._clock()
        self._present.move_to_end(client)

    def remove(self, wanted: Callable[[Item], bool]) -> Item | None:
        """Take out the first item for which ``wanted`` is true; None where there is none."""
        for client, queue in self._queues.items():
            for item in queue:
                if wanted(item):
                    queue.remove(item)
                    self._forget_if_empty(client)
                    return item
        return None

    def next_batch(self, most: int, busy: Collection[str] = ()) -> list[Item]:
        """Take out up to ``most`` items: one of each client in turn, then further ones of each.

        One client that is alone gets all of them. While others are present, which may send something at any moment,
        it gets a quarter, so that what they send does not wait for a batch of its items only.

        Args:
            most: items in the batch.
            busy: clients that get nothing while others have just been there, for which the last worker is kept.
        """
        of_each = most if self._present_since(_PRESENT_SECONDS) <= 1 else max(1, most // _PART_OF_A_BATCH)
        passed = busy if busy and self._present_since(_NEAR_SECONDS) > 1 else ()
        batch, taken = list[Item](), Counter(dict.fromkeys(passed, of_each))
        while len(batch) < most and (client := self._next(taken, of_each)) is not None:
            batch.append(self._queues[client].popleft())
            taken[client] += 1
            self._queues.move_to_end(client)
            self._forget_if_empty(client)
        return batch

    def _present_since(self, seconds: float) -> int:
        """Return how many clients wait, or have sent something in the last ``seconds``."""
        now = self._clock()
        while self._present and next(iter(self._present.values())) < now - _PRESENT_SECONDS:
            self._present.popitem(last=False)
        recent = {client for client, at in self._present.items() if at >= now - seconds}
        return len(recent | self._queues.keys())

    def _next(self, taken: Counter[str], of_each: int) -> str | None:
        return next((client for client in self._queues if taken[client] < of_each), None)

    def _forget_if_empty(self, client: str) -> None:
        if not self._queues[client]:
            del self._queues[client]
