"""From a checkpoint of the HMR family to its graph; which of them it is, the checkpoint says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from export.body.body_model import BodyModel
from export.body.build import need_body_model
from export.camerahmr import checkpoint as camerahmr
from export.camerahmr.graph import served as served_camerahmr
from export.errors import (
    MissingFileError,
    MissingTensorError,
    TensorShapeError,
    UnexpectedTensorError,
    UnknownFamilyError,
)
from export.graphs.served_graph import ServedGraph
from export.hmr2 import checkpoint as hmr2
from export.hmr2.graph import served as served_hmr2
from export.hmr2.sizes import PUBLISHED, Hmr2Sizes
from export.hmr_family.detection import TITLES, Family, family_of
from export.settings import ExportSettings
from export.tokenhmr import checkpoint as tokenhmr
from export.tokenhmr.graph import served as served_tokenhmr
from export.tokenhmr.sizes import TokenSizes
from export.weights.checkpoint import Shape, read_checkpoint, state_dict, take_tensors
from export.weights.published import CAMERAHMR_CHECKPOINT, HMR2_CHECKPOINT, TOKENHMR_CHECKPOINT, TOKENIZER, locate

_OURS = ("backbone", "smpl_head")
"""What TokenHMR and CameraHMR read of their checkpoints; the rest (body model, critic, losses) is left aside."""
CHECKPOINTS = {
    Family.HMR2: HMR2_CHECKPOINT,
    Family.TOKENHMR: TOKENHMR_CHECKPOINT,
    Family.CAMERAHMR: CAMERAHMR_CHECKPOINT,
}
"""The published file of each network."""


def family_in(checkpoint: Path) -> Family:
    """Return the family of a checkpoint file; raises `ExportError`."""
    return family_of(_state(checkpoint), str(checkpoint))


def load(checkpoint: Path, body: Path, tokenizer: Path | None = None, sizes: Hmr2Sizes = PUBLISHED) -> ServedGraph:
    """Return the graph of a checkpoint with the body in `body_model.npz`.

    Args:
        checkpoint: of any network of the family.
        body: `body_model.npz`.
        tokenizer: TokenHMR's ``tokenizer.pth``.
        sizes: channels and depths; the published ones by default.

    Raises:
        ExportError: a file is not there or not readable, the family is none of ours, or a tensor is missing, unknown or
            of another shape; the message says which family the file looks like.
    """
    state, shape = _state(checkpoint), BodyModel.read(body)
    family, sources = family_of(state, str(checkpoint)), (checkpoint, body)
    named = f"{checkpoint} looks like {TITLES[family]}"
    if family is Family.HMR2:
        tensors = _taken(named, state, hmr2.expected_shapes(sizes), hmr2.IGNORED)
        return served_hmr2(hmr2.build(tensors, shape, sizes), sources)
    if family is Family.CAMERAHMR:
        tensors = _taken(named, state, camerahmr.expected_shapes(sizes), (*camerahmr.IGNORED, *_aside(state)))
        return served_camerahmr(camerahmr.build(tensors, shape, sizes), sources)
    if tokenizer is None:
        raise MissingFileError(f"{checkpoint} is TokenHMR: expected its {TOKENIZER.name} (--tokenizer FILE), got none")
    tokens = state_dict(read_checkpoint(tokenizer), "net", tokenizer)
    token_sizes = TokenSizes.of_tokenizer(tokens, sizes)
    wanted = tokenhmr.tokenizer_shapes(token_sizes)
    codebook = _taken(f"{tokenizer} is given as TokenHMR's tokenizer", tokens, wanted, tokenhmr.TOKENIZER_IGNORED)
    tensors = _taken(named, state, tokenhmr.expected_shapes(token_sizes), _aside(state))
    return served_tokenhmr(tokenhmr.build(tensors, codebook, shape, token_sizes), (*sources, tokenizer))


def from_weights(family: Family, settings: ExportSettings) -> ServedGraph:
    """Return a model of the family from the files that the settings name, or from those in the weights folder.

    A checkpoint of another network in the settings is not taken for it.

    Raises:
        ExportError: see `load`; also where the weights folder holds another network under this one's name.
    """
    checkpoint = settings.checkpoint
    if checkpoint is None or family_in(checkpoint) is not family:
        checkpoint = locate(CHECKPOINTS[family], settings.weights)
    tokenizer = _tokenizer(checkpoint, settings) if family is Family.TOKENHMR else None
    graph = load(checkpoint, need_body_model(settings), tokenizer)
    if graph.name != family:
        raise UnknownFamilyError(f"{checkpoint}: expected {TITLES[family]}, got {TITLES[Family(graph.name)]}")
    return graph


def hmr2_from_weights(settings: ExportSettings) -> ServedGraph:
    """Return HMR2, see `from_weights`."""
    return from_weights(Family.HMR2, settings)


def tokenhmr_from_weights(settings: ExportSettings) -> ServedGraph:
    """Return TokenHMR, see `from_weights`."""
    return from_weights(Family.TOKENHMR, settings)


def camerahmr_from_weights(settings: ExportSettings) -> ServedGraph:
    """Return CameraHMR, see `from_weights`."""
    return from_weights(Family.CAMERAHMR, settings)


def _tokenizer(checkpoint: Path, settings: ExportSettings) -> Path:
    """Return the tokenizer that is given, lies beside the checkpoint, or in the weights folder."""
    beside = checkpoint.parent / TOKENIZER.name
    if settings.tokenizer is not None or beside.is_file():
        return settings.tokenizer or beside
    return locate(TOKENIZER, settings.weights)


def _state(checkpoint: Path) -> dict[str, Any]:
    return state_dict(read_checkpoint(checkpoint), "state_dict", checkpoint)


def _aside(state: Mapping[str, Any]) -> tuple[str, ...]:
    """Return patterns of what stands beside trunk and head."""
    groups = sorted({name.partition(".")[0] for name in state} - set(_OURS))
    return tuple(f"{group}*" for group in groups)


def _taken(
    named: str, state: Mapping[str, Any], expected: Mapping[str, Shape], ignored: tuple[str, ...]
) -> dict[str, Tensor]:
    """Return the tensors of a network, each accounted for; an error begins with ``named``, the file and what it is."""
    try:
        return take_tensors(state, expected, ignored)
    except (MissingTensorError, UnexpectedTensorError, TensorShapeError) as error:
        raise type(error)(f"{named}, but: {error}") from error
