"""`python -m export body-model`: SMPL's pickle to `body_model.npz`."""

from pathlib import Path
from typing import Annotated

import typer

from export.body.build import write_body_model
from export.commands.options import Repository, Weights, settings_with
from tracker_service.errors import ExportError


def body_model(
    weights: Weights = None,
    repository: Repository = None,
    smpl: Annotated[
        Path | None, typer.Option(help="another SMPL pickle, such as the male one (for `evaluate --truth-body`)")
    ] = None,
    to: Annotated[Path | None, typer.Option(help="file that --smpl is written to")] = None,
) -> None:
    """Convert the SMPL body once into arrays that the service reads without unpickling."""
    settings = settings_with(weights, repository)
    if (smpl is None) != (to is None):
        raise ExportError("body-model: expected --smpl and --to together, got one of them")
    if smpl is None or to is None:
        print(f"wrote {write_body_model(settings.weights, settings.repository)}")
        return
    from export.body.smpl_file import read_smpl
    from export.weights.published import EXTRA_JOINTS, locate

    read_smpl(smpl, locate(EXTRA_JOINTS, settings.weights)).write(to)
    print(f"wrote {to}")
