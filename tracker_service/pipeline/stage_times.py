"""How long each stage of the pipeline was busy."""

import threading
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


class StageTimes:
    """Adds up busy seconds by stage; safe to use from several threads.

    Stages overlap, so their sum may exceed the wall time; the busiest one bounds the speed.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def measure(self, stage: str) -> Generator[None, None, None]:
        """Count the time inside the block for ``stage``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._add(stage, time.perf_counter() - start)

    def measure_each(self, stage: str, items: Iterable[Item]) -> Iterator[Item]:
        """Yield ``items``, counting the time that producing them takes for ``stage``."""
        stream = iter(items)
        while True:
            start = time.perf_counter()
            try:
                item = next(stream)
            except StopIteration:
                return
            finally:
                self._add(stage, time.perf_counter() - start)
            yield item

    def seconds(self) -> dict[str, float]:
        """Return busy seconds by stage, in the order in which the stages first reported."""
        with self._lock:
            return dict(self._seconds)

    def _add(self, stage: str, seconds: float) -> None:
        with self._lock:
            self._seconds[stage] = self._seconds.get(stage, 0.0) + seconds
