"""How long each stage of the pipeline was busy."""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from tracker_service.tracing.spans import step

Item = TypeVar("Item")

_OVERLAPPED = {
    "reading": ("decoding",),
    "perception": ("detection", "crops", "bodies", "features"),
    "prediction": ("poses",),
    "drawing": ("drawing",),
    "association and writing": ("second look", "camera", "association", "world", "results", "encoding"),
}
"""Parts of the pipeline that run beside each other, and the measured stages in each."""


def busy_shares(seconds: Mapping[str, float], elapsed: float, *, workers: int) -> dict[str, float]:
    """Return how busy each overlapped part of the pipeline was, 1.0 meaning all the time.

    The busiest part bounds the speed; where none comes near 1, the cores are shared with something else.

    Args:
        seconds: busy seconds by stage, as `StageTimes.seconds` returns them.
        elapsed: wall time of the run, seconds.
        workers: windows perceived at the same time.
    """
    threads = {"perception": workers}
    busy = {part: sum(seconds.get(stage, 0.0) for stage in stages) for part, stages in _OVERLAPPED.items()}
    return {part: total / (elapsed * threads.get(part, 1)) for part, total in busy.items() if total and elapsed > 0}


class StageTimes:
    """Adds up busy seconds by stage; safe to use from several threads.

    What is measured inside another measurement, in the same thread, counts for the inner stage only. Stages of
    several threads overlap, so their sum may exceed the wall time; the busiest one bounds the speed.

    Args:
        observe: called with stage and seconds of every single measurement, in the measuring thread.

    Attributes:
        trace: opens the step of a measured stage in the trace that the caller is in.
    """

    def __init__(self, observe: Callable[[str, float], None] | None = None) -> None:
        self.trace: Callable[[str], AbstractContextManager[object]] = step
        self._seconds: dict[str, float] = {}
        self._observe = observe
        self._lock = threading.Lock()
        self._inner = threading.local()

    @contextmanager
    def measure(self, stage: str) -> Generator[None, None, None]:
        """Count the time inside the block for ``stage``."""
        start, beside = time.perf_counter(), getattr(self._inner, "seconds", 0.0)
        self._inner.seconds = 0.0
        try:
            with self.trace(stage):
                yield
        finally:
            elapsed = time.perf_counter() - start
            self._add(stage, elapsed - self._inner.seconds)
            self._inner.seconds = beside + elapsed

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
        if self._observe is not None:
            self._observe(stage, seconds)
