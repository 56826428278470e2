"""How far a runtime's outputs are from PyTorch's FP32 on the CPU: millimetres, degrees, pixels."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.gpu_check.findings import Row
from export.graphs.served_graph import Arrays, ServedGraph


def parity_rows(graph: ServedGraph, runtime: str, precision: str, expected: Arrays, got: Arrays) -> Iterator[Row]:
    """Yield a row an output, of the first rows that both have."""
    for name, measure in graph.measures.items():
        rows = min(len(expected[name]), len(got[name]))
        limit = measure.limit("fp32" if precision == "FP32" else "fp16")
        mean, largest = measure.deviation(expected[name][:rows], got[name][:rows])
        yield {
            "model": graph.name,
            "runtime": runtime,
            "output": f"{name}, {measure.unit}",
            "error": f"{mean:.2g} / {largest:.2g}",
            "limits": f"{limit.mean:g} / {limit.maximum:g}",
            "within": bool(mean <= limit.mean and largest <= limit.maximum),
        }


def on_device(inputs: Mapping[str, NDArray[Any]], graph: ServedGraph, where: torch.device) -> list[torch.Tensor]:
    """Return the inputs as tensors on the device, in the module's order."""
    return [torch.from_numpy(np.ascontiguousarray(inputs[spec.name])).to(where) for spec in graph.inputs]


def outputs_of(graph: ServedGraph, results: Any) -> Arrays:
    """Return what a module gave under the names of the graph's outputs, on the CPU."""
    tensors = results if isinstance(results, (tuple, list)) else (results,)
    return {name: tensor.float().cpu().numpy() for name, tensor in zip(graph.outputs, tensors, strict=True)}
