"""`python -m export pose-predictor`: PHALP's transformer for the CPU beside the tracker."""

from typing import TYPE_CHECKING

from export.choices import Format, Precision
from export.options import FileFormat, Repository, Weights, WeightType, export_and_report, settings_with
from export.settings import ExportSettings
from export.weights import POSE_PREDICTOR, POSE_PREDICTOR_CONFIG, POSE_STATISTICS, locate

if TYPE_CHECKING:
    from export.graphs.served_graph import ServedGraph


def pose_predictor(
    weights: Weights = None,
    repository: Repository = None,
    file_format: FileFormat = Format.ONNX,
    precision: WeightType = Precision.FP32,
) -> None:
    """Export the pose predictor; the tracker runs it in its own process, on the CPU, where fp16 saves only space."""
    settings = settings_with(weights, repository)
    export_and_report(graph(settings), settings.repository, file_format, precision)


def graph(settings: ExportSettings) -> "ServedGraph":
    """Return the pose predictor from the files in the weights folder."""
    from export.pose_predictor.graph import load

    files = (POSE_PREDICTOR, POSE_PREDICTOR_CONFIG, POSE_STATISTICS)
    return load(*(locate(file, settings.weights) for file in files))
