"""The pose predictor as a graph for the CPU beside the tracker, and its normalisation."""

from pathlib import Path

import numpy as np

from export.errors import TensorShapeError
from export.files import written_whole
from export.graphs.measures import Limit, Measure, absolute
from export.graphs.served_graph import Arrays, ServedGraph
from export.pickles import dense, read_npy
from export.pose_predictor.checkpoint import load_pose_predictor
from export.pose_predictor.model import INPUT_NAMES, OUTPUT_NAMES, PoseTransformer
from export.pose_predictor.sizes import read_chosen_sizes
from tracker_service.inference.client import TensorSpec
from tracker_service.types import POSE_SIZE, Float64

NAME = "pose_predictor"
STATISTICS = "pose_statistics.npz"
MEASURES = {"pose": Measure("abs", absolute, Limit(1e-4, 1e-3), Limit(1e-4, 1e-3))}
"""A rotation matrix's entries, shape coefficients and camera; 1e-3 in an entry is at most 0.08 degrees."""


def served(module: PoseTransformer, sources: tuple[Path, ...] = ()) -> ServedGraph:
    """Return the graph of a loaded predictor."""
    length = module.sizes.frame_length

    def sample(count: int, generator: np.random.Generator) -> Arrays:
        empty = generator.random((count, length)) < 0.9
        empty[:, 0] = False
        return {
            "poses": generator.normal(size=(count, length, POSE_SIZE)).astype(np.float32),
            "empty": empty,
            "target": generator.integers(0, length, count),
        }

    inputs = (
        TensorSpec(INPUT_NAMES[0], np.dtype(np.float32), (length, POSE_SIZE)),
        TensorSpec(INPUT_NAMES[1], np.dtype(np.bool_), (length,)),
        TensorSpec(INPUT_NAMES[2], np.dtype(np.int64), ()),
    )
    return ServedGraph(NAME, module, inputs, OUTPUT_NAMES, sample, MEASURES, sources=sources)


def load(checkpoint: Path, config: Path) -> ServedGraph:
    """Return the graph of the published checkpoint and yaml."""
    return served(load_pose_predictor(checkpoint, read_chosen_sizes(config)), (checkpoint, config))


def read_statistics(path: Path) -> tuple[Float64, Float64]:
    """Return mean and deviation of the first k entries of pose vectors, each (k,), from `mean_std.npy`.

    Raises:
        TensorShapeError: they are not two equally long arrays of at most 229 numbers.
    """
    content = read_npy(path)
    if len(content) != 2:
        raise TensorShapeError(f"{path}: expected mean and deviation, got {len(content)} arrays")
    mean, deviation = (np.ravel(dense(np.asarray(part, np.float64), "mean_std")) for part in content)
    if mean.shape != deviation.shape or mean.size > POSE_SIZE:
        raise TensorShapeError(f"{path}: expected two arrays of up to {POSE_SIZE}, got {mean.shape}, {deviation.shape}")
    return mean, deviation


def write_statistics(source: Path, target: Path) -> None:
    """Write mean and deviation as an archive (``mean``, ``std``) that the service reads without unpickling."""
    mean, deviation = read_statistics(source)
    with written_whole(target) as file:
        np.savez(file, mean=mean, std=deviation)
