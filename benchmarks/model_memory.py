"""Memory of the full set's models by precision and config: ``python -m benchmarks.model_memory [--json FILE]``.

Weights and tensors are computed from the networks at their published sizes, without weights. What a batch takes beside
them is measured in processes of their own: eager PyTorch in FP32 on the CPU, for the networks that fit it.
"""

import argparse
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tritonclient.grpc import model_config_pb2

from benchmarks.gpu_check.other_networks import appearance, pose_predictor
from export.body.stand_in import stand_in_body
from export.detector import graph as detector_graph
from export.detector.frame_size import SIZE
from export.detector.model import PersonDetector
from export.graphs.onnx_graph import weight_bytes
from export.graphs.served_graph import ServedGraph
from export.hmr2 import graph as hmr2_graph
from export.hmr2.model import Hmr2
from harness.tables import Report, add_json_option
from harness.triton.repository import MODEL_REPOSITORY, read_config

_MIB = 2**20
_BYTES = {"TYPE_UINT8": 1, "TYPE_FP16": 2, "TYPE_FP32": 4, "TYPE_INT64": 8}
_SIGHTINGS = 7
_SETTLED_ROWS = 1
"""A first batch of so many rows, whose memory is the libraries' and not the batch's."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", nargs=2, metavar=("MODEL", "ROWS"), help="only print what one batch takes, MiB")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    if options.batch:
        name, rows = options.batch
        print(batch_mib(_MEASURED[name](), int(rows)))
        return
    report = Report("benchmarks.model_memory", options.json)
    report.add(
        "weights",
        "Computed: weights, and the tensors that go in and out with the largest batch",
        {
            "model": "model",
            "fp32": "weights FP32, MiB",
            "fp16": "weights FP16, MiB",
            "default": "largest batch: rows, tensors MiB",
            "small": "in the variant small: rows, tensors MiB",
        },
        [_computed(make) for make in (hmr2, detector, appearance, pose_predictor)],
    )
    report.add(
        "batches",
        "Measured on a CPU: resident memory that a batch takes beside the weights, eager PyTorch, FP32",
        {"model": "model", "default": "largest batch: rows, MiB", "small": "in the variant small: rows, MiB"},
        [{"model": name, **{config: _in_a_process(name, config) for config in _CONFIGS}} for name in _MEASURED],
    )


def hmr2() -> ServedGraph:
    """Return HMR2 at its published size, without weights."""
    body = stand_in_body(MODEL_REPOSITORY / "hmr_lite" / "body_model.npz")
    with torch.device("meta"):
        return hmr2_graph.served(Hmr2(body))


def detector() -> ServedGraph:
    """Return RT-DETRv2-R50, the library's default, without weights."""
    transformers: Any = import_module("transformers")
    with torch.device("meta"):
        network = transformers.RTDetrV2ForObjectDetection(transformers.RTDetrV2Config())
        return detector_graph.served(PersonDetector(network, 0), SIZE)


_MEASURED: dict[str, Callable[[], ServedGraph]] = {"appearance": appearance, "pose_predictor": pose_predictor}
_CONFIGS = {"default": Path("config.pbtxt"), "small": Path("configs/small.pbtxt")}


def _computed(make: Callable[[], ServedGraph]) -> dict[str, Any]:
    graph = make()
    row: dict[str, Any] = {"model": graph.name, "fp32": weight_bytes(graph) / _MIB}
    if graph.lower is not None:
        graph.lower(graph.module, torch.float16)
        row["fp16"] = weight_bytes(graph) / _MIB
    for config in _CONFIGS:
        rows, of_row = _tensors(graph.name, config)
        row[config] = f"{rows}, {rows * of_row / _MIB:.1f}"
    return row


def _tensors(model: str, config: str) -> tuple[int, int]:
    """Return the rows of the largest batch, and the bytes of a row's inputs and outputs."""
    read = read_config(MODEL_REPOSITORY / model / _CONFIGS[config])
    of_row = 0
    for entry in (*read.input, *read.output):
        sides = [_SIGHTINGS if side == -1 else side for side in entry.dims]
        of_row += int(np.prod(sides)) * _BYTES[model_config_pb2.DataType.Name(entry.data_type)]
    return read.max_batch_size, of_row


def _in_a_process(model: str, config: str) -> str:
    rows, _ = _tensors(model, config)
    command = [sys.executable, "-m", "benchmarks.model_memory", "--batch", model, str(rows)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return f"{rows}, {float(answer.stdout.split()[-1]):.0f}"


def batch_mib(graph: ServedGraph, rows: int) -> float:
    """Return by how much a batch raises the most memory that this process has held, MiB."""
    torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    inputs = graph.sample(rows, generator)
    graph.run({name: value[:_SETTLED_ROWS] for name, value in inputs.items()})
    before = _most()
    graph.run(inputs)
    return (_most() - before) / _MIB


def _most() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
