"""The trace of a run: a step a window of frames, from its decoding to its results, and in it a step a stage.

The first stages see a window at once, in a thread of its own; those behind them see it frame by frame. All that a stage
does with a window is one step, from its first beginning to its last end, with the sum of its busy times.
"""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from typing import TypeAlias

from tracker_service.pipeline.observation import FrameObservation
from tracker_service.tracing.spans import Span, here, now, started, within
from tracker_service.types import Frame

Window: TypeAlias = Sequence[Frame]
Observe: TypeAlias = Callable[[Window], tuple[FrameObservation, ...]]


class RunTrace:
    """Traces a run; see `TracingParameters` for which of its windows.

    Args:
        run: the step that the run is in.
        every: windows at its beginning that are traced; of those after them one in as many is.
    """

    def __init__(self, run: Span, every: int) -> None:
        self._run, self._every = run, every
        self._open: dict[int, _WindowTrace] = {}
        self._current: _WindowTrace | None = None
        self._perceiving = threading.local()

    @classmethod
    def begun(cls, every: int) -> "RunTrace | None":
        """Return the trace of a run that begins here; None outside of a trace."""
        return None if (span := here()) is None else cls(span, every)

    def read(self, windows: Iterable[Window]) -> Generator[Window, None, None]:
        """Yield the windows; each one's step begins with its decoding."""
        stream, count = iter(windows), 0
        while True:
            start = now()
            if (window := next(stream, None)) is None:
                break
            if count < self._every or count % self._every == 0:
                traced = _WindowTrace(self._run, count, window, start)
                self._open[window[0].number] = traced
                traced.past("decoding", start)
            count += 1
            yield window

    def observing(self, observe: Observe) -> Observe:
        """Return ``observe`` as one whose stages are steps of its window."""

        def observed(window: Window) -> tuple[FrameObservation, ...]:
            traced = self._open.get(window[0].number)
            self._perceiving.window, self._perceiving.now = traced, True
            try:
                return observe(window)
            finally:
                self._perceiving.now = False

        return observed

    def follow(self, windows: Generator[tuple[FrameObservation, ...], None, None]) -> Iterator[FrameObservation]:
        """Yield the frames of the windows; what is done with them until the next one comes belongs to its window."""
        try:
            with closing(windows):
                for window in windows:
                    self._end_current()
                    self._current = self._open.pop(window[0].frame_number, None)
                    yield from window
        finally:
            self._end_current()
            for left in self._open.values():
                left.end()

    def stage(self, name: str) -> AbstractContextManager[object]:
        """Return what notes that a stage is busy inside a block."""
        current = self._perceiving.window if getattr(self._perceiving, "now", False) else self._current
        return within(None) if current is None else current.stage(name)

    def _end_current(self) -> None:
        current, self._current = self._current, None
        if current is not None:
            current.end()


class _WindowTrace:
    """The step of a window, and the steps of its stages."""

    def __init__(self, run: Span, number: int, window: Window, start: int) -> None:
        frames = {"phalp.window": number, "phalp.first_frame": window[0].number, "phalp.frames": len(window)}
        self.span = started("window", run, frames, start)
        self._stages: dict[str, _StageTrace] = {}
        self._lock = threading.Lock()

    def past(self, name: str, start: int) -> None:
        """Add a step that ends now."""
        if self.span is not None and (span := started(name, self.span, nanoseconds=start)) is not None:
            span.end()

    @contextmanager
    def stage(self, name: str) -> Generator[None, None, None]:
        """Count the block for a stage; steps inside it are inside the stage's."""
        start = now()
        with self._lock:
            if name not in self._stages:
                self._stages[name] = _StageTrace(None if self.span is None else started(name, self.span))
            traced = self._stages[name]
        try:
            with within(traced.span):
                yield
        finally:
            with self._lock:
                traced.until = now()
                traced.busy += traced.until - start

    def end(self) -> None:
        """End the steps of the stages, each when it was last busy, and the window's."""
        with self._lock:
            for traced in self._stages.values():
                if traced.span is not None:
                    traced.span.note({"phalp.busy_ms": traced.busy / 1e6})
                    traced.span.end(traced.until or None)
        if self.span is not None:
            self.span.end()


class _StageTrace:
    """What a stage did with a window: its step, when it was last busy (unix time), and how long (both nanoseconds)."""

    def __init__(self, span: Span | None) -> None:
        self.span, self.until, self.busy = span, 0, 0
