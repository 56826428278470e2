"""`python -m export detector`: RT-DETRv2 or D-FINE as the `detector` model."""

from typing import TYPE_CHECKING, Annotated

import typer

from export.choices import Format, Precision
from export.options import FileFormat, Repository, Weights, WeightType, export_and_report, settings_with
from export.settings import ExportSettings
from export.weights import DETECTOR, DETECTOR_CONFIG, locate

if TYPE_CHECKING:
    from export.graphs.served_graph import ServedGraph


SIZE = 640
"""Side of the letterboxed frame, pixels; the published weights are trained for it."""


def detector(
    model: Annotated[str | None, typer.Option(help="folder or name on the hub; default: the weights folder's")] = None,
    size: Annotated[
        int, typer.Option(min=32, help="side of the frame, a multiple of 32; config.pbtxt says 640")
    ] = SIZE,
    weights: Weights = None,
    repository: Repository = None,
    file_format: FileFormat = Format.ONNX,
    precision: WeightType = Precision.FP32,
) -> None:
    """Export the person detector with decoding inside the graph."""
    settings = settings_with(weights, repository, detector=model)
    export_and_report(graph(settings, size), settings.repository, file_format, precision)


def graph(settings: ExportSettings, size: int | None = None) -> "ServedGraph":
    """Return the detector that the settings name, or the one in the weights folder.

    Args:
        settings: where it is.
        size: side of the frames; None: what was exported, or the default.
    """
    from export.detector.graph import exported_size, load

    size = size or exported_size(settings.repository) or SIZE
    if settings.detector is not None:
        return load(settings.detector, size)
    folder = locate(DETECTOR_CONFIG, settings.weights).parent
    locate(DETECTOR, settings.weights)
    return load(str(folder), size)
