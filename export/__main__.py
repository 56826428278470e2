"""`python -m export`: one command for each family of models."""

import gc
import logging
import sys

import typer

from export.commands.appearance import appearance
from export.commands.appearance_encoder import appearance_encoder
from export.commands.body_model import body_model
from export.commands.detector import detector
from export.commands.full import full
from export.commands.hmr2 import hmr2
from export.commands.lite import lite
from export.commands.placement import placement
from export.commands.pose_predictor import pose_predictor
from export.commands.verify import verify
from export.commands.verify_full import verify_full
from export.commands.vfov import vfov
from export.commands.weights import weights
from tracker_service.errors import PhalpTritonError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Build the models that the service runs.")


@app.callback()
def _commands() -> None:
    """Build the models that the service runs."""


app.command()(lite)
app.command()(full)
app.command()(weights)
app.command()(body_model)
app.command()(hmr2)
app.command()(detector)
app.command()(appearance)
app.command()(appearance_encoder)
app.command()(pose_predictor)
app.command()(vfov)
app.command()(placement)
app.command()(verify)
app.command()(verify_full)


def main() -> None:
    """Run a command; an error raised on purpose becomes one line and exit status 2."""
    gc.set_threshold(10_000)  # tracing makes millions of objects that stay: a tenth of its time went into looking
    logging.basicConfig(format="%(message)s")
    logging.getLogger("export").setLevel(logging.INFO)
    try:
        app()
    except PhalpTritonError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
