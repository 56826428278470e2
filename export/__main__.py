"""`python -m export`: one command for each family of models."""

import sys

import typer

from export.lite.command import lite
from tracker_service.errors import PhalpTritonError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Build the models that the service runs.")


@app.callback()
def _commands() -> None:
    """Build the models that the service runs."""


app.command()(lite)


def main() -> None:
    """Run a command; an error raised on purpose becomes one line and exit status 2."""
    try:
        app()
    except PhalpTritonError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
