"""The command line: ``phalp-triton`` and its commands, one file each, which is read when it is called.

Every error that this project raises is printed as one line and ends with exit status 2.
"""

import gc
import logging
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

import typer
from rich.console import Console
from rich.logging import RichHandler

from tracker_service.command_line.reports import print_error
from tracker_service.errors import PhalpTritonError
from tracker_service.types.shown_text import on_one_line

COMMANDS = ("track", "live", "view", "convert", "evaluate", "explain", "serve", "bulk", "doctor", "trace")
"""Names of the commands: each is also that of its module and of the function in it."""
_errors = Console(stderr=True)


def command_line(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """Return the command line with these commands."""
    app = typer.Typer(add_completion=True, no_args_is_help=True, pretty_exceptions_enable=False)
    for name in names:
        app.command(name)(getattr(import_module(f"tracker_service.command_line.{name}"), name))
    app.callback()(_phalp_triton)
    return app


def _phalp_triton() -> None:
    """Video in, 3D people tracks out."""


def _called(arguments: Sequence[str]) -> Sequence[str]:
    """Return the command to read; all of them for help, completion and names that are none.

    Tracking a video needs no web framework: it begins a second earlier without.
    """
    return arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS


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
        app = command_line(_called(sys.argv[1:]))
        # No garbage was collected until here; what there is, modules above all, is never looked through.
        gc.freeze()
        gc.enable()
        app()
    except PhalpTritonError as error:
        print_error(_errors, error)
        sys.exit(2)
