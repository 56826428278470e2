"""The pose predictor as a served graph: one row a track, of any number of videos."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from export.graphs.limits import LIMITS
from export.graphs.served_graph import GELU_OPSET, Arrays, ServedGraph, cast_products
from export.pose_predictor.checkpoint import load_pose_predictor, read_normalisation
from export.pose_predictor.model import INPUT_NAMES, OUTPUT_NAMES, PoseTransformer
from export.pose_predictor.sizes import read_chosen_sizes
from export.settings import ExportSettings
from export.weights.published import POSE_PREDICTOR, POSE_PREDICTOR_CONFIG, POSE_STATISTICS, locate
from tracker_service.inference.client import TensorSpec
from tracker_service.types import POSE_SIZE

NAME = "pose_predictor"
_SIGHTINGS = 7
"""Of a sampled track, as PHALP's tracks remember them."""
_ABSENT = 0.3
"""Share of sampled rows that do not count."""
_BEYOND = 50
"""Frames by which samples may exceed the network's length."""


def lower(module: nn.Module, dtype: torch.dtype) -> None:
    """Cast the pose encoder, the layers and the convolutions in place; normalisation and readouts stay FP32."""
    if not isinstance(module, PoseTransformer):
        raise TypeError(f"expected PoseTransformer, got {type(module).__name__}")
    for part in (module.encode1, module.encode2, module.layers, module.last_layer):
        cast_products(part, dtype)
    module.gather_frames.to(dtype)
    module.spread_frames.to(dtype)


def served(module: PoseTransformer, sources: tuple[Path, ...] = ()) -> ServedGraph:
    """Return the graph of a loaded predictor."""
    length = module.sizes.frame_length
    mean, deviation = module.normalisation.mean.numpy(), module.normalisation.deviation.numpy()

    def sample(count: int, generator: np.random.Generator) -> Arrays:
        frames = np.stack([generator.permutation(length + _BEYOND)[:_SIGHTINGS] for _ in range(count)])
        frames.sort(axis=1)
        absent = generator.random(frames.shape) < _ABSENT
        absent[:, -1] = False
        return {
            "poses": mean + deviation * generator.normal(size=(*frames.shape, POSE_SIZE)).astype(np.float32),
            "frames": np.where(absent, -1, frames),
            "target": generator.integers(0, length + _BEYOND, (count, 1)),
        }

    inputs = (
        TensorSpec(INPUT_NAMES[0], np.dtype(np.float32), (None, POSE_SIZE)),
        TensorSpec(INPUT_NAMES[1], np.dtype(np.int64), (None,)),
        TensorSpec(INPUT_NAMES[2], np.dtype(np.int64), (1,)),
    )
    return ServedGraph(NAME, module, inputs, OUTPUT_NAMES, sample, LIMITS[NAME], lower, sources, GELU_OPSET)


def load(checkpoint: Path, config: Path, statistics: Path) -> ServedGraph:
    """Return the graph of the published checkpoint, yaml and `mean_std.npy`."""
    module = load_pose_predictor(checkpoint, read_chosen_sizes(config), read_normalisation(statistics))
    return served(module, (checkpoint, config, statistics))


def from_weights(settings: ExportSettings) -> ServedGraph:
    """Return the pose predictor from the files in the weights folder."""
    files = (POSE_PREDICTOR, POSE_PREDICTOR_CONFIG, POSE_STATISTICS)
    return load(*(locate(file, settings.weights) for file in files))
