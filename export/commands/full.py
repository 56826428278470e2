"""`python -m export full`: everything the full model set runs, in one go; what is there and whole is left alone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from export.commands.options import Repository, Weights, export_and_report, settings_with
from export.errors import MissingFileError
from export.graphs.choices import Format, Precision
from export.settings import ExportSettings
from export.weights.placing import fetch, place
from export.weights.published import (
    FILES,
    NOT_THERE,
    POSE_PREDICTOR,
    POSE_PREDICTOR_CONFIG,
    POSE_STATISTICS,
    Status,
    WeightFile,
    status,
)
from tracker_service.errors import ExportError
from tracker_service.model_sets import FULL

_TENSORRT = "tensorrt"
_POSE_FILES = (POSE_PREDICTOR, POSE_PREDICTOR_CONFIG, POSE_STATISTICS)

Download = Annotated[
    bool,
    typer.Option(
        "--download/--no-download",
        envvar="PHALP_TRITON_EXPORT_DOWNLOAD",
        help="download weights that are missing and may be downloaded",
    ),
]


def full(
    weights: Weights = None,
    repository: Repository = None,
    precision: Annotated[
        Precision, typer.Option(help="of every model; fp16 halves size and time, geometry stays fp32")
    ] = Precision.FP16,
    download: Download = False,
    variant: Annotated[
        str,
        typer.Option("--for-config", help="variant that Triton will be started with: it can refuse the precision"),
    ] = "default",
) -> None:
    """Export every model of the full set that is missing, damaged, or made from other weights.

    The authors' files may lie anywhere below the weights folder, under any name they are known by.
    """
    _check_variant(variant, precision)
    from export.families import graph_of
    from export.graphs.freshness import why_stale

    settings = settings_with(weights, repository)
    gather(settings.weights, download=download)
    for name, kind in models_of(settings, precision):
        reason = why_stale(name, settings, kind)
        print(f"{name}: {reason or 'there and whole'}", flush=True)
        if reason is not None:
            _need_weights(settings.weights)
            export_and_report(graph_of(name, settings), settings.repository, Format.ONNX, kind)


def gather(weights: Path, *, download: bool, get: Callable[[WeightFile, Path], Path] = fetch) -> None:
    """Put the authors' files under the names of `export.weights.published`: from below that folder, or downloaded."""
    weights.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        if status(file, weights) in NOT_THERE and place(file, weights, weights) is not None:
            print(f"{file.name}: found below {weights}", flush=True)
        if download and file.urls and status(file, weights) in {Status.ABSENT, Status.WRONG_SIZE}:
            get(file, weights)
            print(f"{file.name}: downloaded", flush=True)


def _check_variant(variant: str, precision: Precision) -> None:
    if variant == _TENSORRT and precision is not Precision.FP16:
        raise ExportError(
            f"{FULL.hmr}: expected --precision fp16 for the config variant {_TENSORRT}, got {precision}: TensorRT is "
            "given the whole network in one protobuf message, and in FP32 it is larger than the 2 GB that one can hold"
        )


def _need_weights(weights: Path) -> None:
    missing = [file for file in FILES if file not in _POSE_FILES and status(file, weights) is Status.ABSENT]
    if missing:
        by_hand = "; ".join(f"{file.name}: {file.by_hand}" for file in missing if file.by_hand)
        raise MissingFileError(
            f"expected the authors' files below {weights}, missing: {', '.join(file.name for file in missing)}; "
            f"--download fetches what may be downloaded{f'; {by_hand}' if by_hand else ''}"
        )


def models_of(settings: ExportSettings, precision: Precision) -> Iterator[tuple[str, Precision]]:
    """Yield each model with its precision; the pose predictor only where its weights are."""
    yield FULL.hmr, precision
    yield FULL.detector, precision
    if FULL.appearance is not None:
        yield FULL.appearance, precision
    if FULL.appearance_encoder is not None:
        yield FULL.appearance_encoder, precision
    if FULL.pose_transformer is not None:
        if all(status(file, settings.weights) is Status.PRESENT for file in _POSE_FILES):
            yield FULL.pose_transformer, precision
        else:
            print(f"{FULL.pose_transformer}: no weights, poses will go on with constant velocity", flush=True)
