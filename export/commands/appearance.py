"""`python -m export appearance`: texture sampling and encoder as the `appearance` model."""

from export.commands.options import FileFormat, Repository, Weights, WeightType, export_and_report, settings_with
from export.graphs.choices import Format, Precision


def appearance(
    weights: Weights = None,
    repository: Repository = None,
    file_format: FileFormat = Format.ONNX,
    precision: WeightType = Precision.FP32,
) -> None:
    """Export PHALP's appearance; converts the body model first if it is not there yet."""
    from export.appearance.graph import from_weights

    settings = settings_with(weights, repository)
    export_and_report(from_weights(settings), settings.repository, file_format, precision)
