"""Overlap of stages: read ahead in a thread, and run a function over a stream in several threads without losing order.

Both are bounded: what is in flight never grows with the length of the stream, and leaving the loop early (an error, a
closed generator) ends the threads and closes the stream they read.
"""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_POLL_SECONDS = 0.05


class _End:
    """Closes the queue of a `_Reader`, with the error that ended the stream, if any."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class _Reader(Generic[Item]):
    """The thread of `read_ahead` and the queue it fills."""

    def __init__(self, items: Iterable[Item], depth: int) -> None:
        self._items = items
        self._queue: Queue[Item | _End] = Queue(maxsize=depth)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._fetch, name="read-ahead", daemon=True)
        self._thread.start()

    def next(self) -> Item | _End:
        return self._queue.get()

    def stop(self) -> None:
        self._stopped.set()
        with suppress(Empty):
            while True:
                self._queue.get_nowait()
        self._thread.join()

    def _fetch(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    return
        except BaseException as error:  # the consumer raises it
            self._put(_End(error))
        else:
            self._put(_End())

    def _put(self, entry: Item | _End) -> bool:
        while not self._stopped.is_set():
            with suppress(Full):
                self._queue.put(entry, timeout=_POLL_SECONDS)
                return True
        return False


def read_ahead(items: Iterable[Item], depth: int) -> Generator[Item, None, None]:
    """Yield ``items`` in order while a thread fetches up to ``depth`` of them in advance.

    An error of the stream is raised here, after everything before it was yielded. Raising ``depth`` smooths uneven
    stages and holds more items in memory.
    """
    reader = _Reader(items, depth)
    try:
        while not isinstance(entry := reader.next(), _End):
            yield entry
        if entry.error is not None:
            raise entry.error
    finally:
        reader.stop()
        _close(items)


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int, in_flight: int
) -> Generator[Result, None, None]:
    """Yield ``function(item)`` in the order of ``items``, computed by ``workers`` threads.

    At most ``in_flight`` items are taken before their results are consumed; a result that is ready is not held back
    until so many are taken, which matters where items come slowly, as from a camera. Raising ``workers`` uses more
    cores; raising ``in_flight`` beyond it only helps when items take unequal time, and holds more of them in memory.
    An error of an item is raised when its turn comes.
    """
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="window") as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                while len(pending) >= in_flight or (pending and pending[0].done()):
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
            _close(items)


def _close(items: Iterable[Item]) -> None:
    """End a generator now instead of when it happens to be collected; its own threads and files go with it."""
    if isinstance(items, Generator):
        items.close()
