"""`python -m export detector`: RT-DETRv2 or D-FINE as the `detector` model."""

from typing import Annotated

import typer

from export.commands.options import FileFormat, Repository, Weights, WeightType, export_and_report, settings_with
from export.detector.frame_size import SIZE
from export.graphs.choices import Format, Precision


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
    from export.detector.graph import from_weights

    settings = settings_with(weights, repository, detector=model)
    export_and_report(from_weights(settings, size), settings.repository, file_format, precision)
