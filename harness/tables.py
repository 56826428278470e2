"""Tables of measurements: printed when they are made, kept in JSON files, shown in docs/results."""

import argparse
import json
import math
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from harness.machine import cpu_name

Rows: TypeAlias = Sequence[Mapping[str, Any]]
"""Figures by name, one mapping a row."""

MOST_COLUMNS = 6
"""A wider table cannot be read."""
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Table:
    """Measurements of one kind, and where they come from.

    Attributes:
        title: what the rows are.
        columns: heading by figure, one to six, in the order in which they are shown.
        rows: the figures; may have more of them than are shown.
        command: what printed the table.
        machine: what it ran on.
        measured: when.

    Raises:
        ValueError: there are no columns, more than six, or one that no row has.
    """

    title: str
    columns: Mapping[str, str]
    rows: Rows
    command: str
    machine: str
    measured: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.columns) <= MOST_COLUMNS:
            raise ValueError(f"{self.title}: expected 1 to {MOST_COLUMNS} columns, got {len(self.columns)}")
        unknown = [figure for figure in self.columns if self.rows and not any(figure in row for row in self.rows)]
        if unknown:
            raise ValueError(f"{self.title}: expected columns that the rows have, got {', '.join(unknown)}")

    def markdown(self) -> str:
        """Return the table as Markdown, with headings."""
        lines = [list(self.columns.values()), ["---"] * len(self.columns)]
        lines += [[cell(row.get(figure)) for figure in self.columns] for row in self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def origin(self) -> str:
        """Return one line that says where the figures come from."""
        return f"Printed by `{self.command}` ({self.measured}; {self.machine})."


def cell(value: object) -> str:
    """Return a figure as text: three digits that count, thousands separated, a dash for what was not measured."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return _short(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {cell(entry)}" for name, entry in value.items()) or "-"
    return str(value)


def _short(value: float) -> str:
    decimals = max(0, _DIGITS - 1 - math.floor(math.log10(abs(value)))) if value else 0
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_tables(path: Path) -> dict[str, Table]:
    """Return the tables of a JSON file by name."""
    return {name: Table(**content) for name, content in json.loads(path.read_text())["tables"].items()}


def write_tables(path: Path, tables: Mapping[str, Table]) -> None:
    """Write ``tables`` to a JSON file; other tables that the file has stay as they are."""
    known = read_tables(path) if path.is_file() else {}
    content = {name: asdict(table) for name, table in {**known, **tables}.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps({"tables": content}, indent=1, ensure_ascii=False) + "\n")
    partial.replace(path)


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--json FILE``, which every benchmark has."""
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="keep the tables in this file; its tables of other parts stay"
    )


class Report:
    """The tables of one run of a command, printed and kept in a file as they are made.

    Args:
        module: the module that runs, as in ``python -m benchmarks.memory``.
        target: JSON file; None only prints.
        arguments: of the command; None takes those of this process.
        machine: what it runs on; None names the processor.
    """

    def __init__(
        self,
        module: str,
        target: Path | None = None,
        arguments: Sequence[str] | None = None,
        machine: str | None = None,
    ) -> None:
        self._command = _command(module, sys.argv[1:] if arguments is None else arguments)
        self._target = target
        self._machine = cpu_name() if machine is None else machine

    def add(self, name: str, title: str, columns: Mapping[str, str], rows: Rows) -> None:
        """Print a table and keep it under ``name``."""
        table = self.keep(name, title, columns, rows)
        print(f"\n{title}\n\n{table.markdown()}\n\n{table.origin()}", flush=True)

    def keep(self, name: str, title: str, columns: Mapping[str, str], rows: Rows) -> Table:
        """Keep a table under ``name`` without printing it, as for a run that may be cut off."""
        table = Table(title, columns, rows, self._command, self._machine, datetime.now(UTC).date().isoformat())
        if self._target is not None:
            write_tables(self._target, {name: table})
        return table


def _command(module: str, arguments: Sequence[str]) -> str:
    """Return the command without its ``--json FILE``, which changes no figure."""
    kept = [argument for argument in arguments if not argument.startswith("--json=")]
    if "--json" in kept:
        at = kept.index("--json")
        del kept[at : at + 2]
    return shlex.join(["python", "-m", module, *kept])
