"""FLNet as a graph for the model repository, from the published checkpoint."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from export.errors import UnknownFamilyError
from export.graphs.limits import LIMITS
from export.graphs.samples import pictures
from export.graphs.served_graph import Arrays, ServedGraph
from export.settings import ExportSettings
from export.vfov.hrnet import W48, HrnetSizes
from export.vfov.model import INPUT_NAMES, OUTPUT_NAMES, SIDE, FieldOfView
from export.weights.checkpoint import Shape, read_checkpoint, state_dict, take_tensors
from export.weights.published import VFOV_CHECKPOINT, locate
from tracker_service.inference.client import TensorSpec

NAME = "vfov"
IGNORED = ("backbone.final_layer.*", "fc2.*", "*.num_batches_tracked")
"""Tensors of the checkpoint that inference does not use: a head for key points, an unused layer, counts of training."""
_FIRST = "backbone.conv1.weight"
_STATISTICS = ".num_batches_tracked"


def expected_shapes(sizes: HrnetSizes = W48) -> dict[str, Shape]:
    """Return the shape of every tensor that inference needs, by its name in the checkpoint."""
    state = FieldOfView(sizes).state_dict()
    return {name: tuple(value.shape) for name, value in state.items() if not name.endswith(_STATISTICS)}


def sample(count: int, generator: np.random.Generator) -> Arrays:
    """Return ``count`` pictures."""
    return {INPUT_NAMES[0]: pictures(count, SIDE, SIDE, generator)}


def served(module: FieldOfView, sources: tuple[Path, ...] = ()) -> ServedGraph:
    """Return the graph of a loaded network; FP32 only: it runs once a video."""
    image = TensorSpec(INPUT_NAMES[0], np.dtype(np.uint8), (SIDE, SIDE, 3))
    return ServedGraph(NAME, module, (image,), OUTPUT_NAMES, sample, LIMITS[NAME], sources=sources)


def load(checkpoint: Path, sizes: HrnetSizes = W48) -> ServedGraph:
    """Return the graph of a published checkpoint.

    Raises:
        ExportError: it cannot be read, is not FLNet's, or a tensor is missing, unknown or of another shape.
    """
    state = _without_prefix(state_dict(read_checkpoint(checkpoint), "state_dict", checkpoint), checkpoint)
    tensors = take_tensors(state, expected_shapes(sizes), IGNORED)
    model = FieldOfView(sizes).eval()
    model.load_state_dict(tensors, strict=False, assign=True)
    for module in model.modules():
        module.register_buffer("num_batches_tracked", None)
    return served(model.requires_grad_(requires_grad=False), (checkpoint,))


def from_weights(settings: ExportSettings) -> ServedGraph:
    """Return FLNet from the weights folder."""
    return load(locate(VFOV_CHECKPOINT, settings.weights))


def _without_prefix(state: Mapping[str, Any], checkpoint: Path) -> dict[str, Any]:
    """Return the tensors under FLNet's own names, whatever its training wrapped it in."""
    first = next((name for name in state if name.endswith(_FIRST)), None)
    if first is None:
        raise UnknownFamilyError(
            f"{checkpoint}: expected a checkpoint of FLNet (cam_model_cleaned.ckpt), got one without {_FIRST}"
        )
    prefix = first.removesuffix(_FIRST)
    return {name.removeprefix(prefix): value for name, value in state.items()}
