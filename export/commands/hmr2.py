"""`python -m export hmr2`: the published checkpoint to the `hmr2` model."""

from export.commands.options import (
    Checkpoint,
    FileFormat,
    Repository,
    Weights,
    WeightType,
    export_and_report,
    settings_with,
)
from export.graphs.choices import Format, Precision


def hmr2(
    checkpoint: Checkpoint = None,
    weights: Weights = None,
    repository: Repository = None,
    file_format: FileFormat = Format.ONNX,
    precision: WeightType = Precision.FP32,
) -> None:
    """Export HMR2.0; converts the body model first if it is not there yet."""
    from export.hmr2.graph import from_weights

    settings = settings_with(weights, repository, checkpoint=checkpoint)
    export_and_report(from_weights(settings), settings.repository, file_format, precision)
