"""What is traced: steps with their times, inside one another.

A trace begins with `begin`, and `step` adds to the one that the caller is in; outside of one it does nothing and costs
nothing. Threads of a pool are outside until they are called through `carried` or `inside`.
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Literal, ParamSpec, Protocol, TypeAlias, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

Value: TypeAlias = str | int | float | bool
Kind: TypeAlias = Literal["internal", "server", "client", "consumer"]
"""As OpenTelemetry's: what answers a caller, what calls another service, what takes work from a queue."""


class Span(Protocol):
    """A step that has begun."""

    @property
    def recorded(self) -> bool:
        """Whether it is kept; a caller or `traced_share` may have decided against it."""
        ...

    @property
    def traceparent(self) -> str:
        """Its identity for other processes, as W3C's Trace Context has it."""
        ...

    def note(self, values: Mapping[str, Value]) -> None:
        """Add values to it."""
        ...

    def call(self, name: str) -> None:
        """Give it another name: what is asked for may be known late."""
        ...

    def failed(self, reason: str) -> None:
        """Note that it failed."""
        ...

    def end(self, nanoseconds: int | None = None) -> None:
        """End it, now or at a unix time that has passed."""
        ...


class Tracer(Protocol):
    """Makes spans."""

    def start(
        self,
        name: str,
        parent: Span | str | None,
        *,
        kind: Kind = "internal",
        values: Mapping[str, Value] | None = None,
        nanoseconds: int | None = None,
    ) -> Span:
        """Begin a span, now or at a unix time that has passed; ``parent`` may be another process's ``traceparent``."""
        ...


_HERE: ContextVar[Span | None] = ContextVar("span", default=None)
_NOTHING: AbstractContextManager[None] = nullcontext()
_tracers: list[Tracer] = []


@contextmanager
def traced_by(tracer: Tracer) -> Generator[None, None, None]:
    """Let this process be traced inside the block; one tracer at a time."""
    _tracers.append(tracer)
    try:
        yield
    finally:
        _tracers.remove(tracer)


def begin(
    name: str, traceparent: str | None = None, kind: Kind = "internal", values: Mapping[str, Value] | None = None
) -> AbstractContextManager[Span | None]:
    """Begin a trace, or go on with that of another process; gives None where this process is not traced."""
    if not _tracers:
        return _NOTHING
    return _open(_tracers[-1].start(name, traceparent, kind=kind, values=values))


def step(
    name: str, kind: Kind = "internal", values: Mapping[str, Value] | None = None
) -> AbstractContextManager[Span | None]:
    """Add a step to the trace that the caller is in."""
    span = _HERE.get()
    if span is None or not span.recorded or not _tracers:
        return _NOTHING
    return _open(_tracers[-1].start(name, span, kind=kind, values=values))


def started(
    name: str, parent: Span, values: Mapping[str, Value] | None = None, nanoseconds: int | None = None
) -> Span | None:
    """Begin a step that does not end where it began; None where this process is not traced any more."""
    if not _tracers:
        return None
    return _tracers[-1].start(name, parent, values=values, nanoseconds=nanoseconds)


def here() -> Span | None:
    """Return the step that the caller is in, None outside of a trace that is kept."""
    span = _HERE.get()
    return span if span is not None and span.recorded else None


def traceparent() -> str | None:
    """Return what tells another process where the caller is; None outside of a trace."""
    span = _HERE.get()
    return None if span is None else span.traceparent


@contextmanager
def within(span: Span | None) -> Generator[None, None, None]:
    """Be in a step inside the block; None for outside of all traces."""
    token = _HERE.set(span)
    try:
        yield
    finally:
        _HERE.reset(token)


def inside(span: Span | None, function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return ``function`` as one that is called in a step, whichever thread calls it."""
    if span is None:
        return function

    def called(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with within(span):
            return function(*args, **kwargs)

    return called


def carried(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return ``function`` as one that is called in the step that the caller is in now, whichever thread calls it."""
    return inside(_HERE.get(), function)


@contextmanager
def together(spans: Sequence[Span | None], name: str, values: Mapping[str, Value]) -> Generator[None, None, None]:
    """Do one thing for several: each of their steps gets one with the same times, and the first the steps inside."""
    kept = [span for span in spans if span is not None]
    opened = [begun for span in kept if (begun := started(name, span, values)) is not None]
    first = opened[0] if opened else None
    try:
        with within(first):
            yield
    except Exception as error:
        for each in opened:
            each.failed(_reason(error))
        raise
    finally:
        for each in opened:
            if first is not None and each is not first:
                each.note({"phalp.computed_with": first.traceparent})
            each.end()


def now() -> int:
    """Return the unix time in nanoseconds, as spans count it."""
    return time.time_ns()


@contextmanager
def _open(span: Span) -> Generator[Span, None, None]:
    token = _HERE.set(span)
    try:
        yield span
    except Exception as error:
        span.failed(_reason(error))
        raise
    finally:
        _HERE.reset(token)
        span.end()


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
