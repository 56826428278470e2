"""`python -m export hmr2`: the published checkpoint to the `hmr2` model."""

from typing import TYPE_CHECKING

from export.body.command import FILE, FOLDER, write_body_model
from export.choices import Format, Precision
from export.options import Checkpoint, FileFormat, Repository, Weights, WeightType, export_and_report, settings_with
from export.settings import ExportSettings
from export.weights import HMR2_CHECKPOINT, locate

if TYPE_CHECKING:
    from export.graphs.served_graph import ServedGraph


def hmr2(
    checkpoint: Checkpoint = None,
    weights: Weights = None,
    repository: Repository = None,
    file_format: FileFormat = Format.ONNX,
    precision: WeightType = Precision.FP32,
) -> None:
    """Export HMR2.0; converts the body model first if it is not there yet."""
    settings = settings_with(weights, repository, checkpoint=checkpoint)
    export_and_report(graph(settings), settings.repository, file_format, precision)


def graph(settings: ExportSettings) -> "ServedGraph":
    """Return HMR2 from the checkpoint that the settings name, or from the one in the weights folder."""
    from export.hmr2.graph import load

    body = settings.repository / FOLDER / FILE
    if not body.is_file():
        write_body_model(settings.weights, settings.repository)
    return load(settings.checkpoint or locate(HMR2_CHECKPOINT, settings.weights), body)
