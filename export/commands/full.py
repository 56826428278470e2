"""`python -m export full`: everything the full model set runs, in one go; what is there and whole is left alone."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Annotated

import typer

from export.commands.options import Repository, Weights, export_and_report, settings_with
from export.errors import MissingFileError
from export.graphs.choices import Format, Precision
from export.settings import ExportSettings
from export.weights.placing import fetch, place
from export.weights.published import (
    CAMERAHMR_CHECKPOINT,
    FILES,
    HMR2_CHECKPOINT,
    NOT_THERE,
    POSE_PREDICTOR,
    POSE_PREDICTOR_CONFIG,
    POSE_STATISTICS,
    TOKENHMR_CHECKPOINT,
    TOKENIZER,
    VFOV_CHECKPOINT,
    Status,
    WeightFile,
    status,
)
from tracker_service.errors import ExportError
from tracker_service.model_sets import FULL, FULL_CAMERAHMR, FULL_TOKENHMR, ModelSet

_TENSORRT = "tensorrt"
_VFOV = "vfov"
_POSE_FILES = (POSE_PREDICTOR, POSE_PREDICTOR_CONFIG, POSE_STATISTICS)
_BODY_FILES = {
    FULL.name: (HMR2_CHECKPOINT,),
    FULL_TOKENHMR.name: (TOKENHMR_CHECKPOINT, TOKENIZER),
    FULL_CAMERAHMR.name: (CAMERAHMR_CHECKPOINT,),
}
"""What the body model of each set is made from."""
_SETS = {models.name: models for models in (FULL, FULL_TOKENHMR, FULL_CAMERAHMR)}

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
    model_set: Annotated[str, typer.Option(help=f"one of {', '.join(_SETS)}")] = FULL.name,
) -> None:
    """Export every model of a full set that is missing, damaged, or made from other weights.

    The authors' files may lie anywhere below the weights folder, under any name they are known by.
    """
    if model_set not in _SETS:
        raise ExportError(f"--model-set: expected one of {', '.join(_SETS)}, got {model_set!r}")
    models = _SETS[model_set]
    _check_variant(variant, precision, models)
    from export.families import graph_of
    from export.graphs.freshness import why_stale

    settings = settings_with(weights, repository)
    gather(settings.weights, download=download, unneeded=() if models is FULL else _BODY_FILES[FULL.name])
    for name, kind in models_of(settings, precision, models):
        reason = why_stale(name, settings, kind)
        print(f"{name}: {reason or 'there and whole'}", flush=True)
        if reason is not None:
            _need_weights(settings.weights, models)
            export_and_report(graph_of(name, settings), settings.repository, Format.ONNX, kind)


def gather(
    weights: Path,
    *,
    download: bool,
    unneeded: Collection[WeightFile] = (),
    get: Callable[[WeightFile, Path], Path] = fetch,
) -> None:
    """Put the authors' files under the names of `export.weights.published`: from below that folder, or downloaded.

    Args:
        weights: the folder.
        download: fetch what is missing and may be downloaded.
        unneeded: files that are not downloaded.
        get: downloads one.
    """
    weights.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        if status(file, weights) in NOT_THERE and place(file, weights, weights) is not None:
            print(f"{file.name}: found below {weights}", flush=True)
        wanted = download and file.urls and file not in unneeded
        if wanted and status(file, weights) in {Status.ABSENT, Status.WRONG_SIZE}:
            get(file, weights)
            print(f"{file.name}: downloaded", flush=True)


def _check_variant(variant: str, precision: Precision, models: ModelSet) -> None:
    if variant == _TENSORRT and precision is not Precision.FP16:
        raise ExportError(
            f"{models.hmr}: expected --precision fp16 for the config variant {_TENSORRT}, got {precision}: TensorRT is "
            "given the whole network in one protobuf message, and in FP32 it is larger than the 2 GB that one can hold"
        )


def _need_weights(weights: Path, models: ModelSet) -> None:
    own, other = _BODY_FILES[models.name], (*_POSE_FILES, HMR2_CHECKPOINT)
    needed = [file for file in FILES if file in own or not (file.optional or file in other)]
    missing = [file for file in needed if status(file, weights) in NOT_THERE]
    if missing:
        by_hand = "; ".join(f"{file.name}: {file.by_hand}" for file in missing if file.by_hand)
        raise MissingFileError(
            f"expected the authors' files below {weights}, missing: {', '.join(file.name for file in missing)}; "
            f"--download fetches what may be downloaded{f'; {by_hand}' if by_hand else ''}"
        )


def models_of(
    settings: ExportSettings, precision: Precision, models: ModelSet = FULL
) -> Iterator[tuple[str, Precision]]:
    """Yield each model with its precision; the pose predictor and the field of view only where their weights are."""
    yield models.hmr, precision
    yield models.detector, precision
    if models.appearance is not None:
        yield models.appearance, precision
    if models.appearance_encoder is not None:
        yield models.appearance_encoder, precision
    if models.pose_transformer is not None:
        if all(status(file, settings.weights) is Status.PRESENT for file in _POSE_FILES):
            yield models.pose_transformer, precision
        else:
            print(f"{models.pose_transformer}: no weights, poses will go on with constant velocity", flush=True)
    if models.needs_focal:
        if status(VFOV_CHECKPOINT, settings.weights) is Status.PRESENT:
            yield _VFOV, Precision.FP32
        else:
            print(f"{_VFOV}: no weights, focal lengths must be given or stand in the files", flush=True)
