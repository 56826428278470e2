"""``phalp-triton trace``: where the time of a request or a run went, from a file of spans."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from tracker_service.command_line.text.trace import list_of_traces, steps_of
from tracker_service.errors import SettingsError
from tracker_service.tracing.span_file import Trace, read_traces


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
    Console().print(list_of_traces(traces) if chosen is None else steps_of(chosen, rows))


def _chosen(traces: list[Trace], only: str | None, *, longest: bool) -> Trace | None:
    if only is not None:
        found = [trace for trace in traces if trace.name.startswith(only)]
        if len(found) != 1:
            raise SettingsError(f"--trace: expected the beginning of one trace's id, got {only!r} with {len(found)}")
        return found[0]
    if longest or len(traces) == 1:
        return max(traces, key=lambda trace: trace.ms)
    return None
