"""What an exporter needs to know of a model: module, tensors, sample inputs, and how errors are judged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tracker_service.inference.client import TensorSpec
from tracker_service.inference.verification.measures import Measure

OPSET = 18
"""Newest operator set whose every operator that we use has a CUDA kernel (`export.graphs.placement`)."""
GELU_OPSET = 20
"""First with GELU as one operator, for networks whose other operators have CUDA kernels in it, too. From older sets
ONNX Runtime puts GELU together again in some of its forms; the exporter's is none of them."""
Arrays: TypeAlias = dict[str, NDArray[Any]]
Sampler: TypeAlias = Callable[[int, np.random.Generator], Arrays]
Lowering: TypeAlias = Callable[[nn.Module, torch.dtype], None]


@dataclass(frozen=True, slots=True)
class ServedGraph:
    """A model on its way into the repository.

    Attributes:
        name: folder in the model repository.
        module: FP32 torch module in evaluation mode; takes the inputs in order, returns a tensor or a tuple of them.
        inputs: names, types and shapes (without the batch dimension) of the inputs.
        outputs: names of the outputs, in the module's order.
        sample: makes ``n`` rows of inputs as they occur in use, from a seeded generator.
        measures: by output, how its error is measured and how large it may be.
        lower: casts the matrix products of the module in place; None where the model is served in FP32 only.
        sources: files the weights came from.
        opset: operator set of the ONNX file.
    """

    name: str
    module: nn.Module
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[str, ...]
    sample: Sampler
    measures: Mapping[str, Measure]
    lower: Lowering | None = None
    sources: tuple[Path, ...] = field(default=())
    opset: int = OPSET

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Arrays:
        """Return the module's own outputs (PyTorch, eager, on the CPU)."""
        return run_module(self.module, self, inputs)


def run_module(module: Any, graph: ServedGraph, inputs: Mapping[str, NDArray[Any]]) -> Arrays:
    """Return the outputs of a torch or TorchScript module under the graph's names."""
    with torch.inference_mode():
        results = module(*(torch.from_numpy(np.ascontiguousarray(inputs[spec.name])) for spec in graph.inputs))
    tensors = results if isinstance(results, tuple) else (results,)
    return {name: tensor.numpy() for name, tensor in zip(graph.outputs, tensors, strict=True)}


def cast_products(module: nn.Module, dtype: torch.dtype) -> None:
    """Cast the weights of all linear and convolutional layers below ``module`` in place."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            layer.to(dtype)
