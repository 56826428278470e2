"""The detector as a graph for the model repository."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from export.detector.frame_size import SIZE
from export.detector.loading import load_detector
from export.detector.model import INPUT_NAMES, OUTPUT_NAMES, PersonDetector
from export.graphs.measures import Limit, Measure, absolute
from export.graphs.model_version import read_record
from export.graphs.samples import pictures
from export.graphs.served_graph import Arrays, ServedGraph
from export.settings import ExportSettings
from export.weights.published import DETECTOR, DETECTOR_CONFIG, locate
from tracker_service.inference.client import TensorSpec
from tracker_service.types import Float64

NAME = "detector"
_COMPARED = 50


def nearest_box(expected: NDArray[Any], got: NDArray[Any]) -> Float64:
    """Return for the better half of the expected boxes how far the nearest given box of the same frame is, pixels.

    Rows cannot be compared one by one: boxes whose scores are equal to rounding may change places.
    """
    pairs = np.abs(np.asarray(expected[:, :_COMPARED, None], np.float64) - got[:, None]).max(axis=-1)
    return np.asarray(pairs.min(axis=-1))


MEASURES = {
    "boxes": Measure("px", nearest_box, Limit(0.1, 1), Limit(1, 8)),
    "scores": Measure("abs", absolute, Limit(1e-3, 1e-2), Limit(1e-2, 5e-2)),
}


def lower(module: nn.Module, dtype: torch.dtype) -> None:
    """Cast the network in place; boxes and scores are decoded in FP32."""
    if not isinstance(module, PersonDetector):
        raise TypeError(f"expected PersonDetector, got {type(module).__name__}")
    module.network.to(dtype)


def served(module: PersonDetector, size: int = SIZE, sources: tuple[Path, ...] = ()) -> ServedGraph:
    """Return the graph of a loaded detector for square frames of ``size`` pixels, a multiple of 32."""
    images = TensorSpec(INPUT_NAMES[0], np.dtype(np.uint8), (size, size, 3))
    return ServedGraph(NAME, module, (images,), OUTPUT_NAMES, partial(_frames, size), MEASURES, lower, sources)


def load(source: str, size: int = SIZE) -> ServedGraph:
    """Return the graph of a detector in a local folder or on the hub."""
    folder = Path(source)
    files = (folder / "config.json", folder / "model.safetensors") if folder.is_dir() else ()
    return served(load_detector(source), size, files)


def exported_size(repository: Path) -> int | None:
    """Return the side of the frames that the detector in the repository takes, None where there is none."""
    for record in read_record(repository / NAME / "1").values():
        return int(record["inputs"][INPUT_NAMES[0]][0])
    return None


def from_weights(settings: ExportSettings, size: int | None = None) -> ServedGraph:
    """Return the detector that the settings name, or the one in the weights folder.

    Args:
        settings: where it is.
        size: side of the frames; None: what was exported, or the default.
    """
    size = size or exported_size(settings.repository) or SIZE
    if settings.detector is not None:
        return load(settings.detector, size)
    folder = locate(DETECTOR_CONFIG, settings.weights).parent
    locate(DETECTOR, settings.weights)
    return load(str(folder), size)


def _frames(size: int, count: int, generator: np.random.Generator) -> Arrays:
    return {INPUT_NAMES[0]: pictures(count, size, size, generator)}
