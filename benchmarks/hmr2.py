"""Speed of HMR2 at its real size: `python -m benchmarks.hmr2 [--json FILE]`.

Random weights (speed does not depend on them). On the CPU: the exported ONNX graph in ONNX Runtime against PyTorch.
Where an NVIDIA GPU is at hand: TorchScript and compiled FP16 and BF16 against eager FP32, as upstream runs it (with
PyTorch's default precision of matrix products, on our module, whose attention is the faster one), and against the
card's own matrix-product ceiling, all in one run. What cannot be measured here is reported as "not measured".
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
from export.hmr2.graph import lower, served
from export.hmr2.model import Hmr2
from export.hmr2.random_checkpoint import random_tensors
from export.hmr2.sizes import PUBLISHED, Hmr2Sizes
from export.settings import ExportSettings
from harness.tables import Report, add_json_option

GFLOP_A_CROP = 251.1
"""Matrix products of one crop at the published sizes, counting a multiply-add as two."""
CPU_BATCHES = (1, 8)
GPU_BATCHES = (1, 8, 32, 64)
EAGER = "PyTorch eager FP32"
GPU_RUNTIMES = (EAGER, "TorchScript FP16", "TorchScript BF16", "compiled FP16", "compiled BF16")
TARGET_SPEED_UP, TARGET_CEILING = 10.0, 0.5
"""What the project wants of the best GPU runtime: times eager FP32 at the same batch; of the BF16 ceiling at 64."""
_MATRIX = 8192
_COLUMNS = {
    "runtime": "runtime",
    "batch": "batch",
    "milliseconds": "ms",
    "crops_per_second": "crops/s",
    "times_eager": "times eager FP32",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One measured configuration; None where this machine cannot measure it.

    Attributes:
        where: device.
        runtime: what ran the network, and in which type.
        batch: crops of a run.
        milliseconds: median time of a run.
        crops_per_second: batch / median time.
        teraflops: achieved, at 251.1 GFLOP a crop.
    """

    where: str
    runtime: str
    batch: int
    milliseconds: float | None
    crops_per_second: float | None
    teraflops: float | None


def row(where: str, runtime: str, batch: int, seconds: float | None, gflop: float) -> Row:
    """Return the row of a median time; None gives a row that says so."""
    if seconds is None:
        return Row(where, runtime, batch, None, None, None)
    rate = batch / seconds
    return Row(where, runtime, batch, 1000 * seconds, rate, rate * gflop / 1000)


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


def cpu_rows(model: Hmr2, gflop: float, repeats: int, threads: int) -> Iterator[Row]:
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
            yield row("CPU", "ONNX Runtime FP32", batch, graph, gflop)
            tensor = torch.from_numpy(crops)
            with torch.inference_mode():
                eager = median_seconds(lambda tensor=tensor: model(tensor), repeats)  # type: ignore[misc]
            yield row("CPU", EAGER, batch, eager, gflop)


def gpu_rows(sizes: Hmr2Sizes, gflop: float, repeats: int) -> Iterator[Row]:
    """Measure on the GPU, or say that there is none."""
    if not torch.cuda.is_available():
        yield from (row("GPU", name, batch, None, gflop) for name in GPU_RUNTIMES for batch in GPU_BATCHES)
        return
    where = torch.cuda.get_device_name()
    for name in GPU_RUNTIMES:
        model = _variant(name, sizes)
        for batch in GPU_BATCHES:
            crops = torch.from_numpy(pictures(batch, 256, 256, np.random.default_rng(0))).cuda()
            yield row(where, name, batch, _cuda_seconds(lambda m=model, c=crops: m(c), repeats), gflop)  # type: ignore[misc]
        del model
        torch.cuda.empty_cache()


def _variant(name: str, sizes: Hmr2Sizes) -> Callable[[torch.Tensor], object]:
    model = network(sizes)
    if "FP32" not in name:
        lower(model, torch.float16 if "FP16" in name else torch.bfloat16)
    model = model.cuda()
    if name.startswith("TorchScript"):
        example = torch.zeros((2, 256, 256, 3), dtype=torch.uint8, device="cuda")
        traced: Callable[[torch.Tensor], object] = torch.jit.freeze(
            torch.jit.trace(model, (example,), check_trace=False)  # type: ignore[no-untyped-call]
        )
        return traced
    if name.startswith("compiled"):
        compiled: Callable[[torch.Tensor], object] = torch.compile(model, mode="max-autotune-no-cudagraphs")
        return compiled
    return model


def _cuda_seconds(run: Callable[[], object], repeats: int) -> float:
    def complete() -> None:
        run()
        torch.cuda.synchronize()

    with torch.inference_mode():
        return median_seconds(complete, repeats)


def matrix_ceiling(repeats: int) -> float | None:
    """Return the TFLOP/s of an 8192 x 8192 x 8192 BF16 product on random data, None without a GPU."""
    if not torch.cuda.is_available():
        return None
    a, b = (torch.randn(_MATRIX, _MATRIX, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    return 2 * _MATRIX**3 / _cuda_seconds(lambda: a @ b, repeats) / 1e12


def speed_up(item: Row, rows: Sequence[Row]) -> float | None:
    """Return how many times as fast a row is as eager FP32 on the same device at the same batch."""
    for other in rows:
        if (other.where, other.runtime, other.batch) == (item.where, EAGER, item.batch):
            if item.milliseconds is None or other.milliseconds is None:
                return None
            return other.milliseconds / item.milliseconds
    return None


def table_rows(rows: Sequence[Row], ceiling: float | None) -> list[dict[str, Any]]:
    """Return the rows with their speed against eager FP32 and, on a GPU, their share of the ceiling."""
    return [
        {
            **asdict(item),
            "times_eager": speed_up(item, rows),
            "share_of_ceiling": None
            if ceiling is None or item.teraflops is None or item.where == "CPU"
            else item.teraflops / ceiling,
        }
        for item in rows
    ]


def verdicts(rows: Sequence[Row], ceiling: float | None) -> list[str]:
    """Return one line a target: reached or missed, by how much, or not measured."""
    fast = [item for item in rows if item.where != "CPU" and item.runtime != EAGER and item.milliseconds is not None]
    if not fast or ceiling is None:
        return ["targets on the GPU: not measured"]
    lines = []
    batches = sorted({item.batch for item in fast})
    for batch in batches:
        best = max(speed_up(item, rows) or 0.0 for item in fast if item.batch == batch)
        lines.append(_verdict(f"batch {batch}, times eager FP32", best, TARGET_SPEED_UP))
    largest = max(item.teraflops or 0.0 for item in fast if item.batch == batches[-1])
    lines.append(_verdict(f"batch {batches[-1]}, of the ceiling", largest / ceiling, TARGET_CEILING))
    return lines


def _verdict(what: str, got: float, wanted: float) -> str:
    return f"target, {what}: at least {wanted:g}, got {got:.2f}: {'reached' if got >= wanted else 'missed'}"


def main(arguments: list[str] | None = None, sizes: Hmr2Sizes = PUBLISHED) -> None:
    """Measure, print, and write JSON if asked."""
    parser = argparse.ArgumentParser(description="Speed of HMR2")
    add_json_option(parser)
    parser.add_argument("--repeats", type=int, default=5, help="timed runs of each row; more give a steadier median")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads")
    options = parser.parse_args(arguments)
    gflop = GFLOP_A_CROP if sizes == PUBLISHED else float("nan")
    rows = list(cpu_rows(network(sizes), gflop, options.repeats, options.threads))
    rows += gpu_rows(sizes, gflop, options.repeats)
    ceiling = matrix_ceiling(options.repeats)
    report = Report("benchmarks.hmr2", options.json, arguments)
    versions = f"{options.threads} threads, PyTorch {torch.__version__}, ONNX Runtime {ort.__version__}"
    figures = table_rows(rows, ceiling)
    on_cpu = [row for row in figures if row["where"] == "CPU"]
    report.add("cpu", f"HMR2 on the CPU, {versions}", _COLUMNS, on_cpu)
    ceiling_text = "not measured" if ceiling is None else f"{ceiling:.0f} TFLOP/s"
    report.add(
        "gpu",
        f"HMR2 on a GPU, {versions}; BF16 matrix-product ceiling {ceiling_text}",
        {**_COLUMNS, "share_of_ceiling": "of the ceiling"},
        [row for row in figures if row["where"] != "CPU"],
    )
    print("", *verdicts(rows, ceiling), sep="\n")


if __name__ == "__main__":
    main()
