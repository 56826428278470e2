"""`python -m export appearance`: texture sampling and encoder as the `appearance` model."""

from typing import TYPE_CHECKING

from export.body.command import FILE, FOLDER, write_body_model
from export.choices import Format, Precision
from export.options import FileFormat, Repository, Weights, WeightType, export_and_report, settings_with
from export.settings import ExportSettings
from export.weights import APPEARANCE, TEXEL_BARYCENTRICS, TEXEL_FACES, locate

if TYPE_CHECKING:
    from export.graphs.served_graph import ServedGraph


def appearance(
    weights: Weights = None,
    repository: Repository = None,
    file_format: FileFormat = Format.ONNX,
    precision: WeightType = Precision.FP32,
) -> None:
    """Export PHALP's appearance; converts the body model first if it is not there yet."""
    settings = settings_with(weights, repository)
    export_and_report(graph(settings), settings.repository, file_format, precision)


def graph(settings: ExportSettings) -> "ServedGraph":
    """Return the appearance graph from the files in the weights folder."""
    from export.appearance.graph import load

    files = (APPEARANCE, TEXEL_FACES, TEXEL_BARYCENTRICS)
    encoder, faces, barycentrics = (locate(file, settings.weights) for file in files)
    body = settings.repository / FOLDER / FILE
    if not body.is_file():
        write_body_model(settings.weights, settings.repository)
    return load(encoder, faces, barycentrics, body)
