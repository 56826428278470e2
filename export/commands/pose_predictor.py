"""`python -m export pose-predictor`: PHALP's transformer for the CPU beside the tracker."""

from export.commands.options import FileFormat, Repository, Weights, WeightType, export_and_report, settings_with
from export.graphs.choices import Format, Precision


def pose_predictor(
    weights: Weights = None,
    repository: Repository = None,
    file_format: FileFormat = Format.ONNX,
    precision: WeightType = Precision.FP32,
) -> None:
    """Export the pose predictor; the tracker runs it in its own process, on the CPU, where fp16 saves only space."""
    from export.pose_predictor.graph import from_weights

    settings = settings_with(weights, repository)
    export_and_report(from_weights(settings), settings.repository, file_format, precision)
