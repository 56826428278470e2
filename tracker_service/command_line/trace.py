"""``phalp-triton trace``: where the time of a request or a run went, from a file of spans."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracker_service.errors import SettingsError
from tracker_service.tracing.span_file import FinishedSpan, Trace, read_traces
from tracker_service.types.shown_text import on_one_line

_BAR = 40
"""Characters for the whole time of a trace."""


def trace(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What telemetry.span_file has written.")],
    only: Annotated[
        str | None, typer.Option("--trace", metavar="ID", help="Show this trace, or the one so begun.")
    ] = None,
    longest: Annotated[bool, typer.Option("--longest", help="Show the trace that took longest.")] = False,
    rows: Annotated[int, typer.Option(help="Most steps to show of a trace.", min=1)] = 200,
    json: Annotated[bool, typer.Option("--json", help="Print the spans as JSON instead.")] = False,
) -> None:
    """List the traces of a file, or show one step by step."""
    traces = read_traces(file)
    chosen = _chosen(traces, only, longest=longest)
    if json:
        typer.echo(orjson.dumps([span for each in ([chosen] if chosen else traces) for span in each.spans]))
        return
    Console().print(_list(traces) if chosen is None else _steps(chosen, rows))


def _chosen(traces: list[Trace], only: str | None, *, longest: bool) -> Trace | None:
    if only is not None:
        found = [trace for trace in traces if trace.name.startswith(only)]
        if len(found) != 1:
            raise SettingsError(f"--trace: expected the beginning of one trace's id, got {only!r} with {len(found)}")
        return found[0]
    if longest or len(traces) == 1:
        return max(traces, key=lambda trace: trace.ms)
    return None


def _list(traces: list[Trace]) -> Table:
    table = Table("trace", "begins with", "ms", "steps", "failed", title="show one with --trace ID")
    for each in traces:
        failed = sum(span.error is not None for span in each.spans)
        table.add_row(
            each.name[:8], Text(on_one_line(each.spans[0].name)), f"{each.ms:.1f}", str(len(each.spans)), str(failed)
        )
    return table


def _steps(shown: Trace, rows: int) -> Table:
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
