"""The HMR family at its real size: ``python -m benchmarks.hmr_family [--json FILE]``.

Random weights: speed and rounding do not need others, accuracy does. Every network is written as a checkpoint, loaded
strictly, exported and compared with PyTorch FP32; then the FP32 graphs take turns on the same crops, so that a busy
machine slows all of them. Takes 14 GB of memory and 20 GB of disk.
"""

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np

from export.body.stand_in import stand_in_body
from export.graphs.choices import Precision
from export.graphs.parity import ONNX_FILE, Comparison, ExportedFile
from export.graphs.verification import BATCHES
from export.hmr_family.detection import Family
from export.hmr_family.full_size import verify_full_size
from export.hmr_family.loading import load
from export.settings import ExportSettings
from export.tokenhmr.sizes import PUBLISHED, TokenSizes
from harness.tables import Report, add_json_option

GFLOP = {Family.HMR2: 251.1, Family.TOKENHMR: 252.1, Family.CAMERAHMR: 251.1}
"""Products of one crop at the published sizes, counting a multiply-add as two."""
_OUTPUTS = {
    "joints_3d": "joints, mm",
    "vertices": "vertices, mm",
    "global_orient": "global_orient, °",
    "body_pose": "body_pose, °",
    "betas": "betas",
    "pred_cam": "camera (s, tx, ty)",
    "cam_t": "cam_t, m",
}
_NOT_SHOWN = ("fp32, batch 3",)
"""Kept in the JSON file; six columns can be read."""


def parity_rows(found: Sequence[Comparison]) -> list[dict[str, Any]]:
    """Return a row an output: mean and largest error in each precision and batch, and whether all are within limits."""
    rows = []
    for output, title in _OUTPUTS.items():
        of_output = [row for row in found if row.output == output]
        errors = {f"{row.precision}, batch {row.batch}": f"{row.mean:.2g} / {row.maximum:.2g}" for row in of_output}
        if errors:
            rows.append({"output": title, **errors, "within": all(row.passed for row in of_output)})
    return rows


def speed_rows(
    graphs: dict[Family, ExportedFile], inputs: dict[Family, dict[str, Any]], rounds: int
) -> Iterator[dict[str, Any]]:
    """Yield a row a network: times of its turns, and their ratio to HMR2's turn of the same round."""
    walls: dict[Family, list[float]] = {family: [] for family in graphs}
    busy: dict[Family, list[float]] = {family: [] for family in graphs}
    for count in range(rounds + 1):
        for family, graph in graphs.items():
            started, spent = perf_counter(), process_time()
            graph.run(inputs[family])
            if count:  # the first allocates
                walls[family].append(perf_counter() - started)
                busy[family].append(process_time() - spent)
    base = walls[Family.HMR2], busy[Family.HMR2]
    for family in graphs:
        rows = len(next(iter(inputs[family].values())))
        yield {
            "network": str(family),
            "gflop": GFLOP[family],
            "batch": rows,
            "milliseconds": 1000 * median(walls[family]),
            "cpu_milliseconds": 1000 * median(busy[family]),
            "times_hmr2": median(own / other for own, other in zip(walls[family], base[0], strict=True)),
            "cpu_times_hmr2": median(own / other for own, other in zip(busy[family], base[1], strict=True)),
        }


def main(arguments: list[str] | None = None, sizes: TokenSizes = PUBLISHED) -> None:
    """Measure, print, and write JSON if asked."""
    parser = argparse.ArgumentParser(description="Parity and speed of the HMR family")
    add_json_option(parser)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each graph; more give a steadier median")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--folder", type=Path, help="where the temporary files go")
    parser.add_argument("--batch", type=int, action="append", help="rows of a comparison; default 1, 3 and 16")
    parser.add_argument("--parity", action="append", choices=list(Family), help="compare only these; default all")
    options = parser.parse_args(arguments)
    body = stand_in_body(ExportSettings().repository / "hmr_lite" / "body_model.npz")
    found: dict[Family, list[Comparison]] = {}
    graphs, inputs = {}, {}
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        for family in Family:
            folder = Path(temporary) / str(family)
            folder.mkdir()
            compared = options.parity is None or family in options.parity
            kinds, batches = (list(Precision), options.batch or BATCHES) if compared else ([Precision.FP32], (1,))
            for some in verify_full_size(family, body, folder, kinds, batches, sizes):
                if compared:
                    found.setdefault(family, []).extend(some)
            checkpoint, tokenizer = folder / "weights" / f"{family}.ckpt", folder / "weights" / "tokenizer.pth"
            graph = load(checkpoint, folder / "body_model.npz", tokenizer, sizes.network)
            inputs[family] = graph.sample(1, np.random.default_rng(0))
            path = folder / str(Precision.FP32) / graph.name / "1" / ONNX_FILE
            graphs[family] = ExportedFile(path, graph, options.threads)
            shutil.rmtree(folder / str(Precision.FP16), ignore_errors=True)
            shutil.rmtree(folder / "weights")
        speed = list(speed_rows(graphs, inputs, options.rounds))
    report = Report("benchmarks.hmr_family", options.json, arguments)
    for family, comparisons in found.items():
        rows = parity_rows(comparisons)
        shown = [name for name in rows[0] if name not in {"output", "within", *_NOT_SHOWN}]
        report.add(
            str(family),
            f"{family} against PyTorch FP32, mean / largest error",
            {"output": "output", **{name: name.replace("fp", "FP") for name in shown}},
            rows,
        )
    report.add(
        "speed",
        f"One crop on the CPU, ONNX Runtime FP32, {options.threads} threads, the networks taking turns",
        {
            "network": "network",
            "gflop": "GFLOP a crop",
            "milliseconds": "ms",
            "cpu_milliseconds": "CPU ms",
            "times_hmr2": "times HMR2",
            "cpu_times_hmr2": "CPU times HMR2",
        },
        speed,
    )


if __name__ == "__main__":
    main()
