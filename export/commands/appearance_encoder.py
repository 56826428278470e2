"""`python -m export appearance-encoder`: the encoder alone, for pairs of texture maps."""

from export.commands.options import FileFormat, Repository, Weights, WeightType, export_and_report, settings_with
from export.graphs.choices import Format, Precision


def appearance_encoder(
    weights: Weights = None,
    repository: Repository = None,
    file_format: FileFormat = Format.ONNX,
    precision: WeightType = Precision.FP32,
) -> None:
    """Export the encoder of texture maps (texture mode only)."""
    from export.appearance.graph import encoder_from_weights

    settings = settings_with(weights, repository)
    export_and_report(encoder_from_weights(settings), settings.repository, file_format, precision)
