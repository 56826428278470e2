"""One phase, in this process: ``python -m benchmarks.gpu_check.phase NAME --folder FOLDER --findings FILE``."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.gpu_check.findings import Findings
from benchmarks.gpu_check.networks import Workshop
from benchmarks.gpu_check.phases import BATCHES, BATCHES_ON_CPU, PHASES
from benchmarks.gpu_check.timing import device

Work = Callable[[Workshop, Sequence[int], Findings], None]


def main() -> None:
    """Do the work; what it finds goes into the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=[phase.name for phase in PHASES])
    parser.add_argument("--folder", type=Path, required=True, help="for weights and exported files")
    parser.add_argument("--findings", type=Path, required=True, help="file that the rows are appended to")
    parser.add_argument("--size", required=True, help="published or small")
    options = parser.parse_args()
    batches = BATCHES if device().type == "cuda" else BATCHES_ON_CPU
    findings = Findings(options.findings)
    what = next(phase.what for phase in PHASES if phase.name == options.name)
    with findings.unless_it_fails(what):
        work(options.name, Workshop(options.folder, options.size), batches, findings)


def work(name: str, workshop: Workshop, batches: Sequence[int], findings: Findings) -> None:
    """Do the work of a phase, in this process; each imports what it needs itself, which may not be here."""
    if name == "machine":
        from benchmarks.gpu_check.machine import machine

        machine(findings)
    elif name == "ceiling":
        from benchmarks.gpu_check.machine import ceiling

        ceiling(findings)
    elif name == "weights":
        workshop.reference()  # makes the weights first; every other phase finds both
    elif name == "onnx":
        from benchmarks.gpu_check.onnx_runs import onnx

        onnx(workshop, batches, findings)
    elif name == "end_to_end":
        from benchmarks.gpu_check.end_to_end import end_to_end

        end_to_end(workshop, findings)
    else:
        from benchmarks.gpu_check import torch_runs

        run: Work = getattr(torch_runs, name)
        run(workshop, batches, findings)


if __name__ == "__main__":
    main()
