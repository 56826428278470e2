"""The spike as a graph, with random weights."""

import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from export.graphs.onnx_graph import check_signature
from export.graphs.samples import pictures
from export.graphs.served_graph import Arrays, ServedGraph, cast_products
from export.sam3d.model import OUTPUT_NAMES, Sam3dBody
from export.sam3d.rig_constants import synthetic_rig
from export.sam3d.sizes import CROP_SIZE, Sam3dSizes
from tracker_service.inference.client import TensorSpec
from tracker_service.inference.verification.measures import POINTS, numbers

NAME = "sam3d_body"
MEASURES = {
    "model_params": numbers(fp32=1e-3, fp16=0.05),
    "shape": numbers(fp32=1e-3, fp16=0.05),
    "pred_cam": numbers(fp32=1e-4, fp16=0.01),
    "cam_t": POINTS,
    "joints": POINTS,
    "vertices": POINTS,
    "keypoints": POINTS,
}
INPUTS = (
    TensorSpec("crops", np.dtype(np.uint8), (CROP_SIZE, CROP_SIZE, 3)),
    TensorSpec("bbox_info", np.dtype(np.float32), (3,)),
)
OPSET = 18
_READ_OUT = 0.3
"""Deviation of the numbers that the heads read: bodies bend, and stay before the camera."""
_TABLES = ("position", "positions", "tokens", "no_mask", "patch_keys")


def random_network(sizes: Sam3dSizes, seed: int = 0) -> Sam3dBody:
    """Return the network with random weights that pass on values of about the size they get."""
    model = Sam3dBody(sizes, synthetic_rig(sizes.rig, seed)).eval()
    model.trunk.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if name.endswith("first_camera"):
            continue  # before the body
        if "norm" in name and name.endswith("weight"):
            nn.init.ones_(parameter)
            continue
        table = name.rpartition(".")[2] in _TABLES or parameter.dim() == 1
        deviation = 0.1 if table else (parameter.numel() / len(parameter)) ** -0.5
        if name.startswith("heads.") and "narrow" in name:
            deviation *= _READ_OUT
        nn.init.normal_(parameter, 0.0, deviation, generator=generator)
    return model.requires_grad_(requires_grad=False)


def write(graph: ServedGraph, path: Path) -> None:
    """Export with the TorchScript exporter: for this graph the newer one takes minutes where this one takes seconds.

    Weights beyond 2 GB are written beside the file.
    """
    example = graph.sample(2, np.random.default_rng(0))
    arguments = tuple(torch.from_numpy(example[spec.name]) for spec in graph.inputs)
    names = [spec.name for spec in graph.inputs]
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter's own deprecation, and shapes that it takes for constants
        torch.onnx.export(
            graph.module,
            arguments,
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=names,
            output_names=list(graph.outputs),
            dynamic_axes={name: {0: "batch"} for name in (*names, *graph.outputs)},
        )
    check_signature(graph, path)


def sample(count: int, generator: np.random.Generator) -> Arrays:
    """Return ``count`` crops and where they were cut from: up to half a field of view away from the centre."""
    places = generator.uniform((-0.3, -0.3, 0.2), (0.3, 0.3, 0.6), (count, 3)).astype(np.float32)
    return {"crops": pictures(count, CROP_SIZE, CROP_SIZE, generator), "bbox_info": places}


def lower(module: nn.Module, dtype: torch.dtype) -> None:
    """Cast the trunk's products in place; rays, decoder, heads and rig stay FP32."""
    cast_products(module.get_submodule("trunk"), dtype)


def served(module: Sam3dBody) -> ServedGraph:
    """Return the graph of a network."""
    return ServedGraph(NAME, module, INPUTS, OUTPUT_NAMES, sample, MEASURES, lower)
