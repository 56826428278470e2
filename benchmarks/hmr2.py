"""Speed of HMR2 at its real size on the CPU: `python -m benchmarks.hmr2 [--json FILE]`.

Random weights (speed does not depend on them). The exported ONNX graph in ONNX Runtime against PyTorch. What a card
makes of it is measured by `benchmarks.gpu_check`.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import onnxruntime as ort
import torch

from export.body.stand_in import stand_in_body
from export.graphs.onnx_graph import write_onnx
from export.graphs.samples import pictures
from export.hmr2.checkpoint import build, expected_shapes
from export.hmr2.graph import served
from export.hmr2.model import Hmr2
from export.hmr2.random_checkpoint import random_tensors
from export.hmr2.sizes import PUBLISHED, Hmr2Sizes
from export.settings import ExportSettings
from harness.tables import Report, add_json_option

CPU_BATCHES = (1, 8)
EAGER = "PyTorch eager FP32"
_COLUMNS = {
    "runtime": "runtime",
    "batch": "batch",
    "milliseconds": "ms",
    "crops_per_second": "crops/s",
    "times_eager": "times eager FP32",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One measured configuration.

    Attributes:
        runtime: what ran the network, and in which type.
        batch: crops of a run.
        milliseconds: median time of a run.
        crops_per_second: batch / median time.
    """

    runtime: str
    batch: int
    milliseconds: float
    crops_per_second: float


def row(runtime: str, batch: int, seconds: float) -> Row:
    """Return the row of a median time."""
    return Row(runtime, batch, 1000 * seconds, batch / seconds)


def median_seconds(run: Callable[[], object], repeats: int) -> float:
    """Return the median time of ``run`` after two runs that do not count."""
    times = []
    for count in range(repeats + 2):
        started = perf_counter()
        run()
        if count > 1:
            times.append(perf_counter() - started)
    return float(np.median(times))


def network(sizes: Hmr2Sizes = PUBLISHED) -> Hmr2:
    """Return HMR2 with random weights."""
    body = stand_in_body(ExportSettings().repository / "hmr_lite" / "body_model.npz")
    return build(dict(random_tensors(expected_shapes(sizes))), body, sizes)


def measured(model: Hmr2, repeats: int, threads: int) -> Iterator[Row]:
    """Measure ONNX Runtime and PyTorch eager, FP32, one after the other on the same crops."""
    torch.set_num_threads(threads)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write_onnx(served(model), path)
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        for batch in CPU_BATCHES:
            crops = pictures(batch, 256, 256, np.random.default_rng(0))
            inputs: dict[str, Any] = {"crops": crops}
            graph = median_seconds(lambda inputs=inputs: session.run(None, inputs), repeats)  # type: ignore[misc]
            yield row("ONNX Runtime FP32", batch, graph)
            tensor = torch.from_numpy(crops)
            with torch.inference_mode():
                eager = median_seconds(lambda tensor=tensor: model(tensor), repeats)  # type: ignore[misc]
            yield row(EAGER, batch, eager)


def table_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the rows with their speed against eager FP32 at the same batch."""
    eager = {item.batch: item.milliseconds for item in rows if item.runtime == EAGER}
    return [{**asdict(item), "times_eager": eager[item.batch] / item.milliseconds} for item in rows]


def main(arguments: list[str] | None = None, sizes: Hmr2Sizes = PUBLISHED) -> None:
    """Measure, print, and write JSON if asked."""
    parser = argparse.ArgumentParser(description="Speed of HMR2")
    add_json_option(parser)
    parser.add_argument("--repeats", type=int, default=5, help="timed runs of each row; more give a steadier median")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads")
    options = parser.parse_args(arguments)
    rows = list(measured(network(sizes), options.repeats, options.threads))
    report = Report("benchmarks.hmr2", options.json, arguments)
    versions = f"{options.threads} threads, PyTorch {torch.__version__}, ONNX Runtime {ort.__version__}"
    report.add("cpu", f"HMR2 on the CPU, {versions}", _COLUMNS, table_rows(rows))


if __name__ == "__main__":
    main()
