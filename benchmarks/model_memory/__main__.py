"""Memory of the full set's models by format and batch: ``python -m benchmarks.model_memory [--json FILE]``.

Weights and tensors are computed. What a process holds is measured in one of its own for each model and format, with
random weights of the published sizes, on the CPU. Needs 16 GB of memory and 15 GB of disk, and hours on two cores. With
``--folder`` an interrupted run goes on where it was, and ``--kept`` shows what it has.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from benchmarks.model_memory.networks import MODELS, Format, file_of, formats_of
from benchmarks.model_memory.weights import weight_rows
from harness.tables import Report, add_json_option

BATCHES = (1, 8, 32, 64)
_MINUTES = 15.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="for exported files and figures; default: a temporary one")
    parser.add_argument("--models", nargs="+", default=MODELS, choices=MODELS, help="measure only these")
    parser.add_argument("--formats", nargs="+", type=Format, default=list(Format), help="measure only these")
    parser.add_argument("--batches", nargs="+", type=int, default=BATCHES, help="measure only these")
    parser.add_argument("--minutes", type=float, default=_MINUTES, help="most that one model in one format may take")
    parser.add_argument("--kept", action="store_true", help="measure nothing: a dash for what the folder does not have")
    parser.add_argument("--export", nargs=2, metavar=("MODEL", "FORMAT"), help="only export a file into the folder")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    if options.export:
        file_of(options.folder, options.export[0], Format(options.export[1]))
        return
    report = Report("benchmarks.model_memory", options.json, _shown(sys.argv[1:]))
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
        weight_rows(),
    )
    kept = tempfile.TemporaryDirectory() if options.folder is None else nullcontext(options.folder)
    with kept as folder:
        rows = [
            row
            for model in options.models
            for kind in formats_of(model)
            if kind in options.formats
            for row in [_row(Path(folder), model, kind, options)]
        ]
    report.add(
        "held",
        "Measured on a CPU: what a process holds above its libraries, MiB, and the most during a batch",
        {"model": "model", "loaded": "loaded", **{str(count): f"batch {count}" for count in options.batches}},
        rows,
    )


def _shown(arguments: Sequence[str]) -> list[str]:
    """Return the command's arguments without the folder, which changes no figure."""
    kept = list(arguments)
    if "--folder" in kept:
        at = kept.index("--folder")
        del kept[at : at + 2]
    return kept


def _row(folder: Path, model: str, kind: Format, options: argparse.Namespace) -> dict[str, Any]:
    """Return what a model holds; figures that the folder has are taken from there."""
    folder.mkdir(parents=True, exist_ok=True)
    known = folder / f"{model}_{kind.name.lower()}.jsonl"
    if not known.is_file() and not options.kept:
        if kind is not Format.EAGER:
            command = ["benchmarks.model_memory", "--folder", str(folder), "--export", model, kind]
            subprocess.run([sys.executable, "-m", *command], check=True)
        draft = known.with_suffix(".draft")
        _run([str(folder), model, kind, *map(str, options.batches)], draft, 60 * options.minutes)
        draft.replace(known)
    found = [json.loads(line) for line in known.read_text().splitlines()] if known.is_file() else []
    return {"model": f"{model}, {kind}", **{entry["what"]: entry["mib"] for entry in found}}


def _run(arguments: Sequence[str], target: Path, seconds: float) -> None:
    with target.open("w") as output:
        command = [sys.executable, "-m", "benchmarks.model_memory.batches", *arguments]
        try:
            subprocess.run(command, check=True, stdout=output, timeout=seconds)
        except subprocess.TimeoutExpired:
            print(f"{arguments[1]}, {arguments[2]}: stopped after {seconds / 60:.0f} min", flush=True)


if __name__ == "__main__":
    main()
