"""The HMR family at its real size: ``python -m benchmarks.hmr_family [--json FILE]``.

Random weights: speed and rounding do not need others, accuracy does. Every network is written as a checkpoint, loaded
strictly, exported and compared with PyTorch FP32 at batch 1 and 3 (`make verify-full` compares at 16, too); then the
FP32 graphs take turns on the same crops, so that a busy machine slows all of them. Takes 14 GB of memory and 20 GB of
disk. With ``--folder`` an interrupted run goes on where it was.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
import onnxruntime as ort

from export.body.build import FILE as BODY
from export.body.stand_in import stand_in_body
from export.camerahmr.graph import sample as sample_placed
from export.graphs.choices import Precision
from export.graphs.parity import ONNX_FILE, Comparison
from export.graphs.served_graph import Arrays
from export.hmr2.graph import sample as sample_crops
from export.hmr_family.detection import Family
from export.hmr_family.full_size import verify_full_size
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
BATCHES = (1, 3)
SAMPLES = {Family.HMR2: sample_crops, Family.TOKENHMR: sample_crops, Family.CAMERAHMR: sample_placed}


def parity_rows(family: Family, found: Sequence[Comparison]) -> list[dict[str, Any]]:
    """Return a row an output: mean and largest error in each precision and batch, and whether all are within limits."""
    rows: list[dict[str, Any]] = []
    for output, title in _OUTPUTS.items():
        of_output = [row for row in found if row.output == output]
        errors = {f"{row.precision}, batch {row.batch}": f"{row.mean:.2g} / {row.maximum:.2g}" for row in of_output}
        if errors:
            within = all(row.passed for row in of_output)
            rows.append({"output": f"{family}: {title}", **errors, "within": "yes" if within else "no"})
    return rows


def compared(folder: Path, family: Family, sizes: TokenSizes) -> list[Comparison]:
    """Return how the graphs of a network compare with PyTorch; those that are not in the folder are exported first."""
    body = stand_in_body(ExportSettings().repository / "hmr_lite" / BODY)
    notes = {precision: folder / f"parity_{precision}.json" for precision in Precision}
    missing = [precision for precision, note in notes.items() if not note.is_file()]
    if missing:
        found = verify_full_size(family, body, folder, missing, BATCHES, sizes)
        for precision, rows in zip(missing, found, strict=True):
            notes[precision].write_text(json.dumps([asdict(row) for row in rows]))
    return [Comparison(**row) for precision in Precision for row in json.loads(notes[precision].read_text())]


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
        parity = []
        for family in Family:
            folder = Path(kept) / str(family)
            folder.mkdir(parents=True, exist_ok=True)
            parity += parity_rows(family, compared(folder, family, sizes))
        shown = [f"{precision}, batch {batch}" for precision in Precision for batch in BATCHES]
        columns = {"output": "output", **{name: name.replace("fp", "FP") for name in shown}}
        report.add(
            "parity",
            f"The graphs ({of_size}) against PyTorch FP32, mean / largest error",
            {**columns, "within": "within the limits"},
            parity,
        )
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
