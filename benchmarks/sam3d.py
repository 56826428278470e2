"""Can SAM 3D Body's body-only graph be exported? `python -m benchmarks.sam3d [--json FILE]`.

Its parts at their real sizes with random weights and a made-up rig: PyTorch against ONNX Runtime, the operators and
whether ONNX Runtime has CUDA kernels for them, cost by part, and time on this CPU. Needs 12 GB of memory and 4 GB of
disk; ``--reduced`` takes the sizes of the tests.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from torch.utils.flop_counter import FlopCounterMode

from export.graphs.served_graph import ServedGraph
from export.sam3d.graph import INPUTS, MEASURES, random_network, sample, served, write
from export.sam3d.model import Sam3dBody
from export.sam3d.rig_constants import synthetic_rig
from export.sam3d.sizes import PUBLISHED, REDUCED, Sam3dSizes
from harness.graphs.operators import operator_rows
from harness.graphs.parity import parity_rows
from harness.tables import Report, Rows, add_json_option


def product_rows(sizes: Sam3dSizes) -> Rows:
    """Return the matrix products of the graph's parts for one person; nothing is computed."""
    module = Sam3dBody(sizes, synthetic_rig(sizes.rig)).to("meta").requires_grad_(requires_grad=False)
    inputs = sample(1, np.random.default_rng(0))
    with FlopCounterMode(display=False, depth=3) as counter:
        module(*(torch.from_numpy(inputs[spec.name]).to("meta") for spec in INPUTS))
    counted = {name: sum(by_operator.values()) / 1e9 for name, by_operator in counter.get_flop_counts().items()}
    layers = [gflop for name, gflop in counted.items() if name.startswith("Sam3dBody.layers.") and name.count(".") == 2]
    parts = {
        "trunk": counted["Sam3dBody.trunk"],
        "ray encoding": counted["Sam3dBody.rays"],
        "decoder layers": sum(layers),
        "features at the keypoints, between the layers": counted["Sam3dBody.feedback"],
        "whole body, once": counted["Sam3dBody.rig"],
    }
    total = counter.get_total_flops() / 1e9
    parts["heads, and the bodies between the layers"] = total - sum(parts.values())
    return [{"part": part, "gflop": gflop} for part, gflop in {**parts, "all": total}.items()]


def time_rows(graph: ServedGraph, session: Any, repeats: int) -> Rows:
    """Return the time of one person in both runtimes."""
    inputs = graph.sample(1, np.random.default_rng(0))
    runs = {"PyTorch": lambda: graph.run(inputs), "ONNX Runtime": lambda: session.run(None, inputs)}
    return [{"runtime": name, "ms": 1e3 * _median(run, repeats)} for name, run in runs.items()]


def main() -> int:
    """Export, compare, print and keep tables; return 1 where a difference is beyond its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sam3d", description=__doc__)
    add_json_option(parser)
    parser.add_argument("--reduced", action="store_true", help="the sizes of the tests")
    parser.add_argument("--count-only", action="store_true", help="only count matrix products, in 3 GB of memory")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    report, sizes = Report("benchmarks.sam3d", options.json), REDUCED if options.reduced else PUBLISHED
    report.add("cost", "Matrix products", {"part": "part", "gflop": "GFLOP a person"}, product_rows(sizes))
    if options.count_only:
        return 0
    module = random_network(sizes)
    graph, batches = served(module), (1, 2)
    with tempfile.TemporaryDirectory(prefix="phalp-sam3d-") as folder:
        path = Path(folder) / "model.onnx"
        started = perf_counter()
        write(graph, path)
        size = sum(file.stat().st_size for file in path.parent.iterdir()) / 1e9
        title = f"{sum(one.numel() for one in module.parameters()):,} parameters, {size:.2f} GB"
        print(f"exported in {perf_counter() - started:.0f} s: {title}", flush=True)
        columns = {"operator": "operator", "count": "nodes", "without": "no CUDA kernel in ONNX Runtime"}
        report.add("operators", title, columns, operator_rows(path))
        settings = ort.SessionOptions()
        settings.intra_op_num_threads = options.threads
        session = ort.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
        rows = parity_rows(graph, session, batches)
        columns = {"output": "output", "unit": "unit", **{f"batch {batch}": f"batch {batch}" for batch in batches}}
        report.add("parity", "Largest difference between PyTorch and ONNX Runtime, FP32", columns, rows)
        columns = {"runtime": "runtime", "ms": "ms"}
        report.add("time", "One person", columns, time_rows(graph, session, options.repeats))
    failed = [row for row in rows for batch in batches if row[f"batch {batch}"] > MEASURES[row["output"]].fp32.maximum]
    return 1 if failed else 0


def _median(run: Callable[[], object], repeats: int) -> float:
    def times() -> Iterator[float]:
        for _ in range(repeats):
            started = perf_counter()
            run()
            yield perf_counter() - started

    run()
    return float(np.median(list(times())))


if __name__ == "__main__":
    sys.exit(main())
