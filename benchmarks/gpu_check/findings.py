"""What a phase finds, written line by line: a phase that crashes or is stopped loses nothing that it had measured."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Kind = str
NOT_MEASURED = "not_measured"
"""The kind of the rows that say what could not be measured, and why."""


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that phases have written so far.

    Attributes:
        rows: by kind, which is the name of the table that they belong to.
    """

    rows: dict[Kind, list[Row]] = field(default_factory=dict)

    def of(self, kind: Kind) -> list[Row]:
        """Return the rows of a kind."""
        return self.rows.get(kind, [])


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """Something that has no figure.

    Attributes:
        what: the figure that is missing.
        why: the reason, in one line.
    """

    what: str
    why: str


class Findings:
    """Takes the rows of one phase and puts each into its file at once.

    Args:
        path: file of the phase, one JSON object a line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, kind: Kind, row: Row) -> None:
        """Keep a row."""
        with self._path.open("a") as file:
            file.write(json.dumps({"kind": kind, "row": row}) + "\n")
        print(f"{kind}: {', '.join(str(value) for value in row.values())}", flush=True)

    def missing(self, what: str, why: object) -> None:
        """Keep that something could not be measured; only the first line of the reason counts."""
        lines = str(why).strip().splitlines()
        self.add(NOT_MEASURED, asdict(NotMeasured(what, lines[0] if lines else type(why).__name__)))

    @contextmanager
    def unless_it_fails(self, what: str) -> Iterator[None]:
        """Run a measurement; whatever stops it becomes the reason why ``what`` was not measured."""
        try:
            yield
        except Exception as error:  # a backend that fails must not take the other figures away
            self.missing(what, f"{type(error).__name__}: {error}")


def read_found(folder: Path) -> Found:
    """Return what all phases have written into ``folder``, in their order; a line that was cut off is left out."""
    found = Found()
    for path in sorted(folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime):
        for line in path.read_text().splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue
            found.rows.setdefault(entry["kind"], []).append(entry["row"])
    return found
