"""CameraHMR as a graph for the model repository."""

from pathlib import Path

import numpy as np

from export.camerahmr.model import INPUT_NAMES, OUTPUT_NAMES, PLACE_SIZE, CameraHmr
from export.graphs.limits import LIMITS
from export.graphs.served_graph import GELU_OPSET, Arrays, ServedGraph
from export.hmr2.graph import CROPS, lower
from export.hmr2.graph import sample as sample_crops
from tracker_service.inference.client import TensorSpec

NAME = "camerahmr"
_NEAREST, _FARTHEST = 0.05, 1.0
"""Sides of crops over the focal length: from a person of 30 pixels far away to one who fills a wide picture."""


def sample(count: int, generator: np.random.Generator) -> Arrays:
    """Return ``count`` crops and where they lie."""
    side = generator.uniform(_NEAREST, _FARTHEST, (count, 1))
    centre = generator.uniform(-0.4, 0.4, (count, 2))
    place = np.concatenate([centre, side], axis=1).astype(np.float32)
    return {**sample_crops(count, generator), INPUT_NAMES[1]: place}


def served(module: CameraHmr, sources: tuple[Path, ...] = ()) -> ServedGraph:
    """Return the graph of a loaded network."""
    place = TensorSpec(INPUT_NAMES[1], np.dtype(np.float32), (PLACE_SIZE,))
    return ServedGraph(NAME, module, (CROPS, place), OUTPUT_NAMES, sample, LIMITS[NAME], lower, sources, GELU_OPSET)
