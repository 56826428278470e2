"""Traces as tables: one a row, or one step by step."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from tracker_service.tracing.span_file import FinishedSpan, Trace
from tracker_service.types.shown_text import on_one_line

_BAR = 40
"""Characters for the whole time of a trace."""


def list_of_traces(traces: Sequence[Trace]) -> Table:
    """Return a row a trace."""
    table = Table("trace", "begins with", "ms", "steps", "failed", title="show one with --trace ID")
    for each in traces:
        failed = sum(span.error is not None for span in each.spans)
        table.add_row(
            each.name[:8], Text(on_one_line(each.spans[0].name)), f"{each.ms:.1f}", str(len(each.spans)), str(failed)
        )
    return table


def steps_of(shown: Trace, rows: int) -> Table:
    """Return a row a step, those inside of another one behind it, with a bar from its beginning to its end."""
    nested, process = list(shown.nested()), ""
    table = Table(title=f"trace {shown.name}", box=None, pad_edge=False)
    table.add_column("step", no_wrap=True, min_width=max(2 * depth + len(span.name) for depth, span in nested))
    table.add_column("ms", no_wrap=True, justify="right", min_width=len(f"{shown.ms:.1f}"))
    table.add_column("", no_wrap=True, overflow="crop", min_width=_BAR)
    table.add_column("", no_wrap=True, overflow="ellipsis")
    for depth, span in nested[:rows]:
        notes = [span.process] if span.process != process else []
        process = span.process
        table.add_row(
            Text("  " * depth + on_one_line(span.name)),
            f"{span.ms:.1f}",
            Text(_bar(shown, span), style="red" if span.error else "cyan"),
            Text(on_one_line("  ".join([*notes, *_notes(span)]))),
        )
    if len(nested) > rows:
        table.caption = f"{len(nested) - rows} more steps: --rows {len(nested)}"
    return table


def _bar(shown: Trace, span: FinishedSpan) -> str:
    scale = _BAR / max(shown.ms, 1e-6)
    start = min(int((span.start_ns - shown.start_ns) / 1e6 * scale), _BAR - 1)
    return " " * start + "█" * max(1, round(span.ms * scale))


def _notes(span: FinishedSpan) -> list[str]:
    notes = [f"{name.removeprefix('phalp.')}={_short(value)}" for name, value in span.values.items()]
    return [span.error, *notes] if span.error else notes


def _short(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)
