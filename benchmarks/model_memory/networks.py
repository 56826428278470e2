"""The networks of the full set with random weights, and the formats that they are served in."""

import os
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu_check.networks import Workshop
from benchmarks.gpu_check.other_networks import appearance, pose_predictor
from export.body.stand_in import stand_in_body
from export.detector import graph as detector_graph
from export.detector.frame_size import SIZE
from export.detector.model import PersonDetector
from export.graphs.inductor import write_package
from export.graphs.onnx_graph import write_onnx
from export.graphs.served_graph import ServedGraph
from export.graphs.torchscript import write_torchscript
from export.hmr2 import graph as hmr2_graph
from export.hmr2.model import Hmr2
from harness.triton.repository import MODEL_REPOSITORY


class Format(StrEnum):
    """What a runtime loads."""

    EAGER = "PyTorch FP32"
    ONNX = "ONNX FP32"
    ONNX_HALF = "ONNX FP16"
    TORCHSCRIPT = "TorchScript FP32"
    PACKAGE = ".pt2 FP32"


def with_weights(model: str, folder: Path) -> ServedGraph:
    """Return a network with random weights; HMR2's are made in ``folder`` once."""
    if model == "hmr2":
        return Workshop(folder, "published").hmr2()
    return _detector() if model == "detector" else without_weights(model)


def without_weights(model: str) -> ServedGraph:
    """Return a network whose large weights have a shape only: it tells tensors and sizes, and cannot run."""
    if model == "hmr2":
        body = stand_in_body(MODEL_REPOSITORY / "hmr_lite" / "body_model.npz")
        with torch.device("meta"):
            return hmr2_graph.served(Hmr2(body))
    if model == "detector":
        with torch.device("meta"):
            return _detector()
    return appearance() if model == "appearance" else pose_predictor()


def _detector() -> ServedGraph:
    """Return RT-DETRv2-R50, the library's default."""
    torch.manual_seed(0)
    # As `load_detector` does: checks of contents have no counterpart in ONNX.
    os.environ["TRANSFORMERS_DISABLE_TORCH_CHECK"] = "1"
    transformers: Any = import_module("transformers")
    network = transformers.RTDetrV2ForObjectDetection(transformers.RTDetrV2Config())
    return detector_graph.served(PersonDetector(network, 0).eval().requires_grad_(requires_grad=False), SIZE)


MODELS = ("hmr2", "detector", "appearance", "pose_predictor")
PACKAGED = ("hmr2",)
"""Those with a config for a package of AOTInductor."""


def formats_of(model: str) -> tuple[Format, ...]:
    """Return the formats that a model is served in."""
    return tuple(kind for kind in Format if kind is not Format.PACKAGE or model in PACKAGED)


def file_of(folder: Path, model: str, kind: Format) -> Path:
    """Return the file of a model in a format; what is not there is exported."""
    path = folder / f"{model}_{kind.name.lower()}" / _FILES[kind]
    if not path.is_file():
        path.parent.mkdir(exist_ok=True)
        graph = with_weights(model, folder)
        if kind is Format.ONNX_HALF and graph.lower is not None:
            graph.lower(graph.module, torch.float16)
        _WRITERS[kind](graph, path)
    return path


_FILES = {Format.ONNX: "model.onnx", Format.ONNX_HALF: "model.onnx"}
_FILES |= {Format.TORCHSCRIPT: "model.pt", Format.PACKAGE: "model.pt2"}
_WRITERS = {Format.ONNX: write_onnx, Format.ONNX_HALF: write_onnx}
_WRITERS |= {Format.TORCHSCRIPT: write_torchscript, Format.PACKAGE: write_package}
