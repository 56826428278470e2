"""The HMR family at its real size: ``python -m benchmarks.hmr_family [--json FILE]``.

Random weights: speed and rounding do not need others, accuracy does. Every network is written as a checkpoint, loaded
strictly, exported and compared with PyTorch FP32 at batch 1 and 2 (`make verify-full` compares at 1, 3 and 16); then
the FP32 graphs take turns on the same crops, so that a busy machine slows all of them. Takes 14 GB of memory and 20 GB
of disk. With ``--folder`` an interrupted run goes on where it was.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
import onnxruntime as ort

from export.body.build import FILE as BODY
from export.body.stand_in import stand_in_body
from export.camerahmr.graph import sample as sample_placed
from export.graphs.choices import Format, Precision
from export.graphs.model_version import read_record, write_version
from export.graphs.parity import ONNX_FILE, Comparison
from export.graphs.served_graph import Arrays
from export.hmr2.graph import sample as sample_crops
from export.hmr_family.detection import Family
from export.hmr_family.loading import load
from export.hmr_family.random_checkpoint import write_random_family
from export.settings import ExportSettings
from export.tokenhmr.sizes import PUBLISHED, TokenSizes
from harness.tables import Report, add_json_option

_OUTPUTS = {
    "joints_3d": "joints, mm",
    "vertices": "vertices, mm",
    "global_orient": "global_orient, °",
    "body_pose": "body_pose, °",
    "betas": "betas",
    "pred_cam": "camera (s, tx, ty)",
    "cam_t": "cam_t, m",
}
SAMPLES = {Family.HMR2: sample_crops, Family.TOKENHMR: sample_crops, Family.CAMERAHMR: sample_placed}


def parity_rows(found: Sequence[Comparison]) -> list[dict[str, Any]]:
    """Return a row an output: mean and largest error in each precision and batch, and whether all are within limits."""
    rows = []
    for output, title in _OUTPUTS.items():
        of_output = [row for row in found if row.output == output]
        errors = {f"{row.precision}, batch {row.batch}": f"{row.mean:.2g} / {row.maximum:.2g}" for row in of_output}
        if errors:
            rows.append({"output": title, **errors, "within": all(row.passed for row in of_output)})
    return rows


def exported(folder: Path, family: Family, sizes: TokenSizes) -> list[Comparison]:
    """Return how the graphs of a network compare with PyTorch; those that are not in the folder are exported first."""
    body, weights = folder / BODY, folder / "weights"
    if not body.is_file():
        stand_in_body(ExportSettings().repository / "hmr_lite" / BODY).write(body)
    found = []
    for precision in Precision:
        version = folder / str(precision) / str(family) / "1"
        if not version.is_dir():
            checkpoint = weights / f"{family}.ckpt"
            if not (weights / "whole").is_file():
                write_random_family(weights, family, sizes)
                (weights / "whole").touch()
            graph = load(checkpoint, body, weights / "tokenizer.pth", sizes.network)
            write_version(graph, folder / str(precision), Format.ONNX, precision)
            print(f"{family}, {precision}: exported", flush=True)
        record = read_record(version)[ONNX_FILE]["parity"]
        found += [Comparison(**{name: value for name, value in row.items() if name != "passed"}) for row in record]
    return found


def speed_rows(
    graphs: dict[Family, ort.InferenceSession], inputs: dict[Family, Arrays], rounds: int
) -> Iterator[dict[str, Any]]:
    """Yield a row a network: times of its turns, and their ratio to HMR2's turn of the same round."""
    walls: dict[Family, list[float]] = {family: [] for family in graphs}
    busy: dict[Family, list[float]] = {family: [] for family in graphs}
    for count in range(rounds + 1):
        for family, graph in graphs.items():
            started, spent = perf_counter(), process_time()
            graph.run(None, inputs[family])
            if count:  # the first allocates
                walls[family].append(perf_counter() - started)
                busy[family].append(process_time() - spent)
    base = walls[Family.HMR2], busy[Family.HMR2]
    for family in graphs:
        yield {
            "network": str(family),
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
    parser.add_argument("--folder", type=Path, help="where checkpoints and graphs are kept; default a temporary one")
    parser.add_argument("--blocks", type=int, help="blocks of the trunk; fewer than all 32 need less memory and time")
    options = parser.parse_args(arguments)
    if options.blocks is not None:
        sizes = replace(sizes, network=replace(sizes.network, depth=options.blocks))
    of_size = f"{sizes.network.depth} trunk blocks"
    report = Report("benchmarks.hmr_family", options.json, arguments)
    with tempfile.TemporaryDirectory() if options.folder is None else nullcontext(options.folder) as kept:
        for family in Family:
            folder = Path(kept) / str(family)
            folder.mkdir(parents=True, exist_ok=True)
            rows = parity_rows(exported(folder, family, sizes))
            shown = [name for name in rows[0] if name not in {"output", "within"}]
            columns = {"output": "output", **{name: name.replace("fp", "FP") for name in shown}}
            report.add(str(family), f"{family} ({of_size}) against PyTorch FP32, mean / largest error", columns, rows)
        session = ort.SessionOptions()
        session.intra_op_num_threads = options.threads
        graphs = {
            family: ort.InferenceSession(
                str(Path(kept) / family / Precision.FP32 / family / "1" / ONNX_FILE),
                session,
                providers=["CPUExecutionProvider"],
            )
            for family in Family
        }
        inputs = {family: SAMPLES[family](1, np.random.default_rng(0)) for family in Family}
        speed = list(speed_rows(graphs, inputs, options.rounds))
    report.add(
        "speed",
        f"One crop on the CPU, ONNX Runtime FP32, {of_size}, {options.threads} threads, the networks taking turns",
        {
            "network": "network",
            "milliseconds": "ms",
            "cpu_milliseconds": "CPU ms",
            "times_hmr2": "times HMR2",
            "cpu_times_hmr2": "CPU times HMR2",
        },
        speed,
    )


if __name__ == "__main__":
    main()
