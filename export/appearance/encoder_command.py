"""`python -m export appearance-encoder`: the encoder alone, for pairs of texture maps."""

from typing import TYPE_CHECKING

from export.choices import Format, Precision
from export.options import FileFormat, Repository, Weights, WeightType, export_and_report, settings_with
from export.settings import ExportSettings
from export.weights import APPEARANCE, locate

if TYPE_CHECKING:
    from export.graphs.served_graph import ServedGraph


def appearance_encoder(
    weights: Weights = None,
    repository: Repository = None,
    file_format: FileFormat = Format.ONNX,
    precision: WeightType = Precision.FP32,
) -> None:
    """Export the encoder of texture maps (texture mode only)."""
    settings = settings_with(weights, repository)
    export_and_report(graph(settings), settings.repository, file_format, precision)


def graph(settings: ExportSettings) -> "ServedGraph":
    """Return the encoder's graph from the files in the weights folder."""
    from export.appearance.checkpoint import load_encoder
    from export.appearance.graph import served_encoder

    path = locate(APPEARANCE, settings.weights)
    return served_encoder(load_encoder(path), (path,))
