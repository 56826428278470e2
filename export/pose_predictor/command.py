"""`python -m export pose-predictor`: PHALP's transformer for the CPU beside the tracker."""

from typing import TYPE_CHECKING

from export.choices import Format, Precision
from export.options import Repository, Weights, export_and_report, settings_with
from export.settings import ExportSettings
from export.weights import POSE_PREDICTOR, POSE_PREDICTOR_CONFIG, POSE_STATISTICS, locate

if TYPE_CHECKING:
    from export.graphs.served_graph import ServedGraph


def pose_predictor(weights: Weights = None, repository: Repository = None) -> None:
    """Export the pose predictor (ONNX, FP32) and the normalisation of its poses."""
    from export.pose_predictor.graph import NAME, STATISTICS, write_statistics

    settings = settings_with(weights, repository)
    statistics = locate(POSE_STATISTICS, settings.weights)
    export_and_report(graph(settings), settings.repository, Format.ONNX, Precision.FP32)
    write_statistics(statistics, settings.repository / NAME / STATISTICS)


def graph(settings: ExportSettings) -> "ServedGraph":
    """Return the pose predictor from the files in the weights folder."""
    from export.pose_predictor.graph import load

    return load(locate(POSE_PREDICTOR, settings.weights), locate(POSE_PREDICTOR_CONFIG, settings.weights))
