"""What a person sees while a run goes on: a live bar on a terminal, plain lines elsewhere."""

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

_LINE_EVERY_SECONDS = 5.0


class Progress(Protocol):
    """What is shown: frames finished, about how many there are, and people in the newest one; None if unknown."""

    @property
    def done(self) -> int:
        """Frames finished."""
        ...

    @property
    def total(self) -> int | None:
        """About how many there are."""
        ...

    @property
    def people(self) -> int | None:
        """People in the newest frame."""
        ...


@dataclass(frozen=True, slots=True)
class FrameCount:
    """Progress of which nothing but the number of finished frames is known."""

    done: int
    total: int | None = None
    people: int | None = None


class ProgressDisplay(Protocol):
    """Shows progress; a context manager that leaves the terminal clean."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, progress: Progress) -> None:
        """Show the newest state."""
        ...


def progress_display(console: Console, before: int = 0) -> ProgressDisplay:
    """Return the display that suits the console.

    Args:
        console: to show it on.
        before: frames that an earlier run has done; they do not count for the speed.
    """
    return LiveBar(console, before) if console.is_terminal else PlainLines(console, before)


class _Rate:
    """Frames per second since the first frame."""

    def __init__(self, before: int) -> None:
        self._before = before
        self._start = time.perf_counter()

    def __call__(self, done: int) -> float:
        return (done - self._before) / max(time.perf_counter() - self._start, 1e-9)


class LiveBar:
    """A bar with frames, people, frames per second and time left."""

    def __init__(self, console: Console, before: int = 0) -> None:
        self._bar = Bar(
            TextColumn("tracking"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[fps]:.1f} fps{task.fields[people]},"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("tracking", total=None, fps=0.0, people="")
        self._rate = _Rate(before)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, progress: Progress) -> None:
        """Move the bar."""
        # The length is an estimate, so the bar must not stop short of frames that still come.
        total = None if progress.total is None else max(progress.total, progress.done)
        self._bar.update(
            self._task,
            total=total,
            completed=progress.done,
            fps=self._rate(progress.done),
            people="" if progress.people is None else f", {progress.people} people",
        )


class PlainLines:
    """A line every few seconds, for logs."""

    def __init__(self, console: Console, before: int = 0) -> None:
        self._console = console
        self._rate = _Rate(before)
        self._last = time.perf_counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def show(self, progress: Progress) -> None:
        """Print a line if the last one is old enough."""
        if time.perf_counter() - self._last < _LINE_EVERY_SECONDS:
            return
        self._last = time.perf_counter()
        fps = self._rate(progress.done)
        total = "?" if progress.total is None else str(max(progress.total, progress.done))
        left = "" if progress.total is None else f", {max(progress.total - progress.done, 0) / fps:.0f} s left"
        self._console.print(f"frame {progress.done} of {total}, {fps:.1f} fps{left}", highlight=False)
