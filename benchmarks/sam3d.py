"""Can SAM 3D Body's body-only graph be exported? `python -m benchmarks.sam3d [--json FILE]`.

Its parts at their real sizes with random weights and a made-up rig: PyTorch against ONNX Runtime, the operators and
whether ONNX Runtime has CUDA kernels for them, cost by part, and time on this CPU. Needs 12 GB of memory and 4 GB of
disk; ``--reduced`` takes the sizes of the tests.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from torch.utils.flop_counter import FlopCounterMode

from export.graphs.served_graph import Arrays, ServedGraph
from export.sam3d.graph import MEASURES, random_network, served, write
from export.sam3d.model import Sam3dBody
from export.sam3d.sizes import PUBLISHED, REDUCED
from harness.tables import Report, Rows, add_json_option

KERNELS = Path(__file__).resolve().parents[2] / "shared" / "data" / "cuda_kernels.json"
"""The CUDA kernels of some versions of ONNX Runtime, where they are at hand."""
_CONTROL = ("Constant", "Identity")


def parity_rows(graph: ServedGraph, session: Any, batches: tuple[int, ...]) -> Rows:
    """Return how far ONNX Runtime is from PyTorch, by output: mean and maximum in the output's unit."""
    differences = {}
    for batch in batches:
        inputs = graph.sample(batch, np.random.default_rng(batch))
        differences[batch] = _distances(graph.run(inputs), session.run(None, inputs))
    return [
        {"output": name, "unit": measure.unit, **{f"batch {batch}": differences[batch][name] for batch in batches}}
        for name, measure in MEASURES.items()
    ]


def operator_rows(path: Path, kernels: Path = KERNELS) -> Rows:
    """Return the operators of a file, how often each is used, and the ONNX Runtimes that lack a CUDA kernel for it."""
    model = onnx.load(path, load_external_data=False)
    counts = Counter(node.op_type for node in model.graph.node if node.op_type not in _CONTROL)
    known = json.loads(kernels.read_text())["onnxruntime"] if kernels.exists() else {}
    missing = {
        name: [version for version, found in known.items() if not _has_kernel(found.get(name, ()), name)]
        for name in counts
    }
    return [
        {"operator": name, "count": count, "without": ", ".join(missing[name]) if known else None}
        for name, count in counts.most_common()
    ]


def cost_rows(graph: ServedGraph, module: Sam3dBody, session: Any, repeats: int) -> Rows:
    """Return the matrix products of the graph's parts and its time in both runtimes, for one person."""
    inputs = graph.sample(1, np.random.default_rng(0))
    with FlopCounterMode(module, display=False, depth=2) as counter:
        graph.run(inputs)
    counted = {name: sum(by_operator.values()) / 1e9 for name, by_operator in counter.get_flop_counts().items()}
    total = counter.get_total_flops() / 1e9
    layers = sum(
        gflop for name, gflop in counted.items() if name.startswith("Sam3dBody.layers.") and name.count(".") == 2
    )
    parts = {
        "trunk": counted["Sam3dBody.trunk"],
        "ray encoding": counted["Sam3dBody.rays"],
        "decoder layers": layers,
        "body, last pass": counted["Sam3dBody.rig"],
    }
    parts["heads, and bodies between the layers"] = total - sum(parts.values())
    rows: Rows = [{"part": part, "gflop": gflop, "ms": None} for part, gflop in parts.items()]
    eager, graphs = (_median(run, repeats) for run in (lambda: graph.run(inputs), lambda: session.run(None, inputs)))
    return [
        *rows,
        {"part": "all, PyTorch", "gflop": total, "ms": 1e3 * eager},
        {"part": "all, ONNX Runtime", "gflop": total, "ms": 1e3 * graphs},
    ]


def main() -> int:
    """Export, compare, print and keep tables; return 1 where a difference is beyond its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sam3d", description=__doc__)
    add_json_option(parser)
    parser.add_argument("--reduced", action="store_true", help="the sizes of the tests")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    report = Report("benchmarks.sam3d", options.json)
    module = random_network(REDUCED if options.reduced else PUBLISHED)
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
        columns = {"part": "part", "gflop": "GFLOP a person", "ms": "ms"}
        report.add("cost", "One person", columns, cost_rows(graph, module, session, options.repeats))
    failed = [row for row in rows for batch in batches if row[f"batch {batch}"] > MEASURES[row["output"]].fp32.maximum]
    return 1 if failed else 0


def _distances(expected: Arrays, got: list[Any]) -> Mapping[str, float]:
    pairs = zip(MEASURES.items(), got, strict=True)
    return {name: float(measure.distance(expected[name], array).max()) for (name, measure), array in pairs}


def _has_kernel(found: Any, name: str) -> bool:
    version = onnx.defs.get_schema(name, 18).since_version
    return any(one["since"] == version or one["since"] < version <= (one["until"] or 0) for one in found)


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
