"""`python -m export hmr2`: a published checkpoint of the HMR family to its model."""

from export.body.build import FOLDER as HMR2_FOLDER
from export.commands.options import (
    Checkpoint,
    FileFormat,
    Repository,
    Tokenizer,
    Weights,
    WeightType,
    export_and_report,
    settings_with,
)
from export.graphs.choices import Format, Precision


def hmr2(
    checkpoint: Checkpoint = None,
    tokenizer: Tokenizer = None,
    weights: Weights = None,
    repository: Repository = None,
    file_format: FileFormat = Format.ONNX,
    precision: WeightType = Precision.FP32,
) -> None:
    """Export HMR2.0, TokenHMR or CameraHMR, whichever the checkpoint holds.

    The model is called after the network; the body model is converted first if it is not there yet.
    """
    from export.families import graph_of
    from export.hmr_family.loading import family_in

    settings = settings_with(weights, repository, checkpoint=checkpoint, tokenizer=tokenizer)
    name = HMR2_FOLDER if settings.checkpoint is None else str(family_in(settings.checkpoint))
    export_and_report(graph_of(name, settings), settings.repository, file_format, precision)
