"""HMR2 as a graph for the model repository."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from export.graphs.limits import LIMITS
from export.graphs.samples import pictures
from export.graphs.served_graph import GELU_OPSET, Arrays, ServedGraph, cast_products
from export.hmr2.camera import CROP_SIZE
from export.hmr2.model import INPUT_NAMES, OUTPUT_NAMES, Hmr2, SmplRegressor
from tracker_service.inference.client import TensorSpec

NAME = "hmr2"


def lower(module: nn.Module, dtype: torch.dtype) -> None:
    """Cast the blocks' and the key/value products in place.

    Decoder layers, readouts, body and camera stay FP32, and so do the patches: rounding the picture goes through every
    block, and they are 0.15 % of the work.
    """
    if not isinstance(module, SmplRegressor):
        raise TypeError(f"expected a network of the HMR family, got {type(module).__name__}")
    cast_products(module.backbone.blocks, dtype)
    cast_products(nn.ModuleList([module.get_submodule("decoder.keys_values")]), dtype)


def sample(count: int, generator: np.random.Generator) -> Arrays:
    """Return ``count`` crops."""
    return {INPUT_NAMES[0]: pictures(count, CROP_SIZE, CROP_SIZE, generator)}


CROPS = TensorSpec(INPUT_NAMES[0], np.dtype(np.uint8), (CROP_SIZE, CROP_SIZE, 3))


def served(module: Hmr2, sources: tuple[Path, ...] = ()) -> ServedGraph:
    """Return the graph of a loaded network."""
    return ServedGraph(NAME, module, (CROPS,), OUTPUT_NAMES, sample, LIMITS[NAME], lower, sources, GELU_OPSET)
