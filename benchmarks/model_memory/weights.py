"""What can be computed: bytes of the weights, and of the tensors that go in and out with the largest batch."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from tritonclient.grpc import model_config_pb2

from benchmarks.model_memory.networks import MODELS, without_weights
from export.graphs.onnx_graph import weight_bytes
from export.graphs.served_graph import ServedGraph
from harness.triton.repository import MODEL_REPOSITORY, read_config

MIB = 2**20
_BYTES = {"TYPE_UINT8": 1, "TYPE_FP16": 2, "TYPE_FP32": 4, "TYPE_INT64": 8}
_SIGHTINGS = 7
_CONFIGS = {"default": Path("config.pbtxt"), "small": Path("configs/small.pbtxt")}


def weight_rows() -> list[dict[str, Any]]:
    """Return a row a model."""
    return [_computed(without_weights(model)) for model in MODELS]


def _computed(graph: ServedGraph) -> dict[str, Any]:
    row: dict[str, Any] = {"model": graph.name, "fp32": weight_bytes(graph) / MIB}
    if graph.lower is not None:
        graph.lower(graph.module, torch.float16)
        row["fp16"] = weight_bytes(graph) / MIB
    for config in _CONFIGS:
        rows, of_row = _tensors(graph.name, config)
        row[config] = f"{rows}, {rows * of_row / MIB:.1f}"
    return row


def _tensors(model: str, config: str) -> tuple[int, int]:
    """Return the rows of the largest batch, and the bytes of a row's inputs and outputs."""
    read = read_config(MODEL_REPOSITORY / model / _CONFIGS[config])
    of_row = 0
    for entry in (*read.input, *read.output):
        sides = [_SIGHTINGS if side == -1 else side for side in entry.dims]
        of_row += int(np.prod(sides)) * _BYTES[model_config_pb2.DataType.Name(entry.data_type)]
    return read.max_batch_size, of_row
