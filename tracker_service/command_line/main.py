"""The command line: ``phalp-triton`` and its commands, one file each.

Every error that this project raises is printed as one line and ends with exit status 2.
"""

import logging
import sys
from io import TextIOWrapper

import typer
from rich.console import Console
from rich.logging import RichHandler

from tracker_service.command_line.convert import convert
from tracker_service.command_line.doctor import doctor
from tracker_service.command_line.evaluate import evaluate
from tracker_service.command_line.explain import explain
from tracker_service.command_line.reports import print_error
from tracker_service.command_line.serve import serve
from tracker_service.command_line.track import track
from tracker_service.command_line.view import view
from tracker_service.errors import PhalpTritonError
from tracker_service.types.shown_text import on_one_line

app = typer.Typer(add_completion=True, no_args_is_help=True, pretty_exceptions_enable=False)
_errors = Console(stderr=True)

for command in (track, view, convert, evaluate, explain, serve, doctor):
    app.command()(command)


@app.callback()
def _phalp_triton() -> None:
    """Video in, 3D people tracks out."""


class _OneLine(logging.Formatter):
    """A record's message without the control characters that names of files may hold."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        return on_one_line(super().formatMessage(record))


def main() -> None:
    """Run the command line; errors of this project become one line on stderr and exit status 2."""
    # A name that is not UTF-8, or a terminal that is not, must not end a run that has computed everything.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    handler = RichHandler(console=_errors, show_time=False, show_path=False)
    handler.setFormatter(_OneLine("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    try:
        app()
    except PhalpTritonError as error:
        print_error(_errors, error)
        sys.exit(2)
