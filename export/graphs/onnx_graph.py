"""Torch module to ONNX with the dynamo exporter; one free batch dimension, weights outside the file above 2 GB."""

import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch

from export.graphs.served_graph import ServedGraph
from export.graphs.translations import translations
from tracker_service.errors import ExportError
from tracker_service.inference.client import TensorSpec

FILE_LIMIT = 2**31 - 2**24
"""Bytes of weights that a single protobuf file can hold, with room for the graph itself."""
_TRACED_ROWS = 2
"""Rows of the traced example; with one row the exporter would take the batch for a constant."""


def write_onnx(graph: ServedGraph, path: Path) -> tuple[str, ...]:
    """Export the graph's module to ``path``; returns the names of the files written beside each other."""
    example = graph.sample(_TRACED_ROWS, np.random.default_rng(0))
    arguments = tuple(torch.from_numpy(np.ascontiguousarray(example[spec.name])) for spec in graph.inputs)
    with warnings.catch_warnings(), _quiet(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            graph.module,
            arguments,
            dynamo=True,
            input_names=[spec.name for spec in graph.inputs],
            output_names=list(graph.outputs),
            dynamic_shapes=tuple(_free_sides(spec) for spec in graph.inputs),
            opset_version=graph.opset,
            custom_translation_table=translations(),
            verbose=False,
        )
        if program is None:
            raise ExportError(f"{graph.name}: expected an ONNX program, got none")
        external = weight_bytes(graph) > FILE_LIMIT
        program.save(path, external_data=external)
    check_signature(graph, path)
    return (path.name, f"{path.name}.data") if external else (path.name,)


def weight_bytes(graph: ServedGraph) -> int:
    """Return the size of all parameters and constants of the graph's module."""
    tensors = [*graph.module.parameters(), *graph.module.buffers()]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def check_signature(graph: ServedGraph, path: Path) -> None:
    """Raise `ExportError` unless the file's inputs and outputs are the graph's, with a free batch dimension."""
    proto = onnx.load(path, load_external_data=False).graph
    if [value.name for value in proto.output] != list(graph.outputs):
        raise ExportError(f"{path.name}: expected outputs {graph.outputs}, got {[v.name for v in proto.output]}")
    if [value.name for value in proto.input] != [spec.name for spec in graph.inputs]:
        raise ExportError(f"{path.name}: expected {graph.inputs}, got {[v.name for v in proto.input]}")
    for value in (*proto.input, *proto.output):
        first = value.type.tensor_type.shape.dim[0]
        if not first.dim_param:
            raise ExportError(f"{path.name}, {value.name}: expected a free batch dimension, got {first.dim_value}")


def _free_sides(spec: TensorSpec) -> dict[int, str]:
    """Return the names of the free sides of an input: the batch, and those that the graph leaves open."""
    return {0: "batch"} | {axis: f"side_{axis}" for axis, side in enumerate(spec.shape, 1) if side is None}


class _quiet:  # noqa: N801  (a context manager, used as one)
    """Silence the exporter's log, which reports the absence of torchvision at every run."""

    def __enter__(self) -> None:
        self._before = logging.root.manager.disable
        logging.disable(logging.WARNING)

    def __exit__(self, *_: object) -> None:
        logging.disable(self._before)
