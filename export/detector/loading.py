"""Detectors of the transformers library, from a local folder or the hub."""

import builtins
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from export.detector.model import PersonDetector
from export.errors import MissingFileError, UnreadableFileError
from tracker_service.errors import ExportError

MODEL_TYPES = ("rt_detr", "rt_detr_v2", "d_fine")
"""Architectures whose outputs the decoder understands."""


def load_detector(source: str) -> PersonDetector:
    """Return a detector in evaluation mode.

    Args:
        source: a folder with ``config.json`` and ``model.safetensors``, or a name on the hub.

    Raises:
        MissingFileError: neither a folder with these files nor to be had from the hub.
        UnreadableFileError: the files are there but cannot be read.
        ExportError: transformers is not installed, or the model is of another kind.
    """
    folder = Path(source)
    if folder.is_dir():
        missing = [name for name in ("config.json", "model.safetensors") if not (folder / name).is_file()]
        if missing:
            raise MissingFileError(f"detector: expected {folder / missing[0]}, which is not there")
        _check_preprocessing(folder)
    # Its run-time checks of tensor contents have no counterpart in ONNX.
    os.environ["TRANSFORMERS_DISABLE_TORCH_CHECK"] = "1"
    try:
        transformers: Any = import_module("transformers")
    except ImportError as error:
        raise ExportError("the detector needs transformers: pip install 'phalp-triton[export]'") from error
    transformers.utils.logging.disable_progress_bar()
    try:
        config = transformers.AutoConfig.from_pretrained(source)
        if config.model_type not in MODEL_TYPES:
            raise ExportError(f"detector: expected one of {', '.join(MODEL_TYPES)}, got {config.model_type}")
        network, report = transformers.AutoModelForObjectDetection.from_pretrained(
            source, config=config, use_safetensors=True, output_loading_info=True
        )
    except (OSError, ValueError) as error:
        raise MissingFileError(f"detector: expected a folder or a name on the hub, got {source!r}: {error}") from error
    if report["missing_keys"] or report["mismatched_keys"]:
        raise UnreadableFileError(f"detector: expected every tensor of {config.model_type}, got {report}")
    _leave_batch_free(network)
    return PersonDetector(network.eval().requires_grad_(requires_grad=False), _person(config)).eval()


def _leave_batch_free(network: Any) -> None:
    # Python's len of a traced tensor is a plain number. The library takes the batch from it, so that the exporter's
    # first trace fails, and a second one by way of the compiler takes twice as long as the rest of an export.
    sys.modules[type(network).__module__].__dict__["len"] = _length


def _length(of: Any) -> Any:
    return of.shape[0] if isinstance(of, torch.Tensor) else builtins.len(of)


def _person(config: Any) -> int:
    labels = {str(name).lower(): int(index) for index, name in config.id2label.items()}
    if "person" not in labels:
        raise ExportError(f"detector: expected a class 'person', got {sorted(labels)[:5]} ...")
    return labels["person"]


def _check_preprocessing(folder: Path) -> None:
    path = folder / "preprocessor_config.json"
    if path.is_file() and json.loads(path.read_text()).get("do_normalize"):
        raise ExportError(f"{path}: expected a model that reads grey levels from 0 to 1, got one with normalisation")
