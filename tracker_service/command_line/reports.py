"""What the commands print: lines for people, or JSON for programs."""

from pathlib import Path
from typing import Protocol

import typer
from rich.console import Console

from tracker_service.errors import PhalpTritonError
from tracker_service.results.summary import Summary
from tracker_service.types.shown_text import on_one_line


class TrackReport(Protocol):
    """Tells about tracked sources.

    Attributes:
        console: where progress is shown.
    """

    console: Console

    def finished(self, summary: Summary, folder: Path) -> None:
        """Tell about one source."""
        ...

    def end(self) -> None:
        """Tell what is left to tell after the last source."""
        ...


class TextReport:
    """Prints every summary as it comes."""

    def __init__(self) -> None:
        self.console = Console()

    def finished(self, summary: Summary, folder: Path) -> None:
        """Print a summary."""
        for line in (*summary.text().splitlines(), f"{'results in':<15} {on_one_line(str(folder))}"):
            self.console.print(line, highlight=False, soft_wrap=True, markup=False)

    def end(self) -> None:
        """Nothing is left."""


class JsonReport:
    """Prints the content of ``summary.json`` on stdout, and nothing else there: a list where there are several.

    Args:
        several: whether there is more than one source.
    """

    def __init__(self, *, several: bool) -> None:
        self.console = Console(stderr=True)
        self._several = several
        self._summaries: list[bytes] = []

    def finished(self, summary: Summary, folder: Path) -> None:  # noqa: ARG002
        """Keep a summary."""
        self._summaries.append(summary.to_json())

    def end(self) -> None:
        """Print the summaries."""
        whole = b",\n".join(self._summaries)
        if self._several:
            whole = b"[" + whole + b"]"
        if whole:
            typer.echo(whole)


def print_error(console: Console, error: PhalpTritonError) -> None:
    """Print an error as one line, whatever the names in it hold."""
    console.print(f"error: {on_one_line(str(error))}", style="red", highlight=False, markup=False, soft_wrap=True)
