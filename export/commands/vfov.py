"""`python -m export vfov`: CameraHMR's FLNet to the `vfov` model."""

from export.commands.options import FileFormat, Repository, Weights, export_and_report, settings_with
from export.graphs.choices import Format, Precision


def vfov(weights: Weights = None, repository: Repository = None, file_format: FileFormat = Format.ONNX) -> None:
    """Export FLNet, which sees the field of view of a picture; CameraHMR needs it where nothing else tells it."""
    from export.vfov.graph import from_weights

    settings = settings_with(weights, repository)
    export_and_report(from_weights(settings), settings.repository, file_format, Precision.FP32)
