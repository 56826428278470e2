"""A file of finished spans: one JSON object a line, that people and `phalp-triton trace` read.

Several processes append to the same file, a whole line at a time; a line that a crash has cut is skipped when reading.
"""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import orjson
from pydantic import TypeAdapter, ValidationError

from tracker_service.errors import ResultsError, SettingsError

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FinishedSpan:
    """A step that has ended.

    Attributes:
        trace: 32 hexadecimal digits, the same for all spans of a request or a run.
        span: 16 hexadecimal digits.
        parent: those of the step around it, also of another process; None at the top.
        name: what was done.
        process: who did it, with its process id.
        start_ns: unix time, nanoseconds.
        ms: how long it took.
        values: what else is known of it.
        error: why it failed, None where it did not.
    """

    trace: str
    span: str
    parent: str | None
    name: str
    process: str
    start_ns: int
    ms: float
    values: Mapping[str, Any]
    error: str | None = None

    @property
    def end_ns(self) -> int:
        """Unix time of its end, nanoseconds."""
        return self.start_ns + round(self.ms * 1e6)


class SpanFile:
    """Appends spans to a file, made with mode 0600.

    Args:
        path: the file; its folder exists.
        most_bytes: size from which nothing more is appended.

    Raises:
        SettingsError: it cannot be written.
    """

    def __init__(self, path: Path, most_bytes: int) -> None:
        self._path, self._most_bytes = path, most_bytes
        self._full = False
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            reason = error.strerror or error
            raise SettingsError(f"span_file: expected a file that can be written, got {path}: {reason}") from error

    def append(self, spans: Sequence[FinishedSpan]) -> bool:
        """Write spans; returns whether they were. A full disk or file loses them, which is said once."""
        lines = b"".join(orjson.dumps(span) + b"\n" for span in spans)
        try:
            if os.fstat(self._file).st_size + len(lines) > self._most_bytes:
                self._lost(f"it would be larger than {self._most_bytes} bytes")
                return False
            os.write(self._file, lines)
        except OSError as error:
            self._lost(error.strerror or str(error))
            return False
        self._full = False
        return True

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _lost(self, reason: str) -> None:
        if not self._full:
            _logger.warning("spans are lost, %s: %s", self._path.name, reason)
        self._full = True


@dataclass(frozen=True, slots=True)
class Trace:
    """All spans of one request or run.

    Attributes:
        name: of the trace: 32 hexadecimal digits.
        spans: in the order of their beginning.
    """

    name: str
    spans: tuple[FinishedSpan, ...]

    @classmethod
    def of(cls, name: str, spans: Sequence[FinishedSpan]) -> Self:
        """Sort spans of a trace into it."""
        return cls(name, tuple(sorted(spans, key=lambda span: (span.start_ns, -span.ms))))

    @property
    def start_ns(self) -> int:
        """Unix time of its beginning, nanoseconds."""
        return self.spans[0].start_ns

    @property
    def ms(self) -> float:
        """Milliseconds from the first beginning to the last end."""
        return (max(span.end_ns for span in self.spans) - self.start_ns) / 1e6

    def nested(self) -> Iterator[tuple[int, FinishedSpan]]:
        """Yield every span behind the one around it, with its depth; those whose parent is elsewhere are at the top."""
        known = {span.span for span in self.spans}
        children: dict[str | None, list[FinishedSpan]] = {}
        for span in self.spans:
            children.setdefault(span.parent if span.parent in known else None, []).append(span)
        waiting = [(0, span) for span in reversed(children.get(None, []))]
        while waiting:
            depth, span = waiting.pop()
            yield depth, span
            waiting += [(depth + 1, child) for child in reversed(children.get(span.span, []))]


def read_traces(path: Path) -> list[Trace]:
    """Return the traces of a file, oldest first.

    Raises:
        ResultsError: it cannot be read, or holds no spans.
    """
    found: dict[str, list[FinishedSpan]] = {}
    try:
        with path.open("rb") as file:
            for line in file:
                if (span := _read(line)) is not None:
                    found.setdefault(span.trace, []).append(span)
    except OSError as error:
        raise ResultsError(f"{path}: expected a file of spans, got {error.strerror or error}") from error
    if not found:
        raise ResultsError(f"{path}: expected spans, one JSON object a line, got none")
    traces = [Trace.of(name, spans) for name, spans in found.items()]
    return sorted(traces, key=lambda trace: trace.start_ns)


_SPAN = TypeAdapter(FinishedSpan)


def _read(line: bytes) -> FinishedSpan | None:
    try:
        return _SPAN.validate_python(orjson.loads(line))
    except (orjson.JSONDecodeError, ValidationError):
        return None
