"""Torch module to TorchScript by tracing: what Triton's PyTorch backend loads."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from export.graphs.served_graph import ServedGraph

_TRACED_ROWS = 2


def write_torchscript(graph: ServedGraph, path: Path) -> tuple[str, ...]:
    """Export the graph's module to ``path``; returns the name of the file.

    The outputs form a tuple in the order of ``graph.outputs``: Triton's PyTorch backend counts them
    (``OUTPUT__0``, ``OUTPUT__1`` ...).
    """
    example = graph.sample(_TRACED_ROWS, np.random.default_rng(0))
    arguments = tuple(torch.from_numpy(np.ascontiguousarray(example[spec.name])) for spec in graph.inputs)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # tracing is deprecated, but the backend has no other format
        traced: Any = torch.jit.trace(  # type: ignore[no-untyped-call]
            graph.module, arguments, check_trace=False
        )
        if constant_devices(traced):
            traced = _follow_the_inputs(traced)
        traced.save(str(path))
    return (path.name,)


def _follow_the_inputs(traced: Any) -> Any:
    """Return the module in one graph in which what was made on the device of the trace is made on that of the input."""
    frozen: Any = torch.jit.freeze(traced, optimize_numerics=False)
    graph = frozen.graph
    _, first, *_ = graph.inputs()
    device = graph.create("prim::device", [first], 1)
    device.output().setType(torch._C.DeviceObjType.get())
    graph.prependNode(device)
    for constant in _device_constants(graph):
        constant.replaceAllUsesWith(device.output())
    return frozen


def constant_devices(module: Any) -> tuple[str, ...]:
    """Return the operations of a traced module that stay on the device of the trace, whatever the inputs'."""
    graph = module.inlined_graph  # its nodes live as long as it does
    users = [use.user for value in _device_constants(graph) for use in value.uses()]
    return tuple(f"{user.kind()}, {user.sourceRange().strip()}" for user in users)


def _device_constants(graph: Any) -> list[Any]:
    nodes = graph.findAllNodes("prim::Constant", recurse=True)
    return [node.output() for node in nodes if node.output().type().kind() == "DeviceObjType"]


def load_torchscript(path: Path) -> Any:
    """Return the TorchScript module in ``path``, on the CPU."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
