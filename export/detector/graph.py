"""The detector as a graph for the model repository."""

from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from export.detector.frame_size import SIZE
from export.detector.loading import load_detector
from export.detector.model import INPUT_NAMES, OUTPUT_NAMES, PersonDetector
from export.graphs.limits import LIMITS
from export.graphs.model_version import read_record
from export.graphs.samples import pictures
from export.graphs.served_graph import Arrays, ServedGraph
from export.settings import ExportSettings
from export.weights.published import DETECTOR, DETECTOR_CONFIG, locate
from tracker_service.inference.client import TensorSpec

NAME = "detector"


def lower(module: nn.Module, dtype: torch.dtype) -> None:
    """Cast the network in place; boxes and scores are decoded in FP32."""
    if not isinstance(module, PersonDetector):
        raise TypeError(f"expected PersonDetector, got {type(module).__name__}")
    module.network.to(dtype)


def served(module: PersonDetector, size: int = SIZE, sources: tuple[Path, ...] = ()) -> ServedGraph:
    """Return the graph of a loaded detector for square frames of ``size`` pixels, a multiple of 32."""
    images = TensorSpec(INPUT_NAMES[0], np.dtype(np.uint8), (size, size, 3))
    return ServedGraph(NAME, module, (images,), OUTPUT_NAMES, partial(_frames, size), LIMITS[NAME], lower, sources)


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
