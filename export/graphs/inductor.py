"""Torch module to a package of AOTInductor: what Triton's PyTorch backend loads as `torch_aoti`."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from export.graphs.served_graph import ServedGraph
from tracker_service.errors import ExportError

_TRACED_ROWS = 2
_MOST_ROWS = 64
"""Largest batch of the committed configs."""


def write_package(graph: ServedGraph, path: Path) -> tuple[str, ...]:
    """Compile the graph's module for the GPU of this machine, or its CPU without one; returns the name of the file.

    A package is machine code: it runs on GPUs of the same generation, with the same version of PyTorch. Its inputs and
    outputs have no names; Triton counts them (``INPUT__0``, ``OUTPUT__0`` ...).

    Raises:
        ExportError: an input has free sides beside the batch.
    """
    if any(None in spec.shape for spec in graph.inputs):
        raise ExportError(f"{graph.name}: expected inputs of fixed size for a package, got {graph.inputs}")
    where = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    example = graph.sample(_TRACED_ROWS, np.random.default_rng(0))
    arguments = tuple(torch.from_numpy(np.ascontiguousarray(example[spec.name])).to(where) for spec in graph.inputs)
    rows = {0: torch.export.Dim("batch", min=1, max=_MOST_ROWS)}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the compiler's own deprecations
        module = graph.module.to(where)
        program = torch.export.export(module, arguments, dynamic_shapes=tuple(rows for _ in arguments))
        torch._inductor.aoti_compile_and_package(program, package_path=str(path))
    graph.module.to("cpu")
    return (path.name,)


def load_package(path: Path) -> Callable[..., tuple[torch.Tensor, ...]]:
    """Return the network in ``path``; it takes and gives tensors on the CPU, and runs where it was compiled for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package: Any = torch._inductor.aoti_load_package(str(path))
    where = package.get_metadata()["AOTI_DEVICE_KEY"]

    def run(*inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        results = package(*(tensor.to(where) for tensor in inputs))
        tensors = results if isinstance(results, tuple | list) else (results,)
        return tuple(tensor.cpu() for tensor in tensors)

    return run
