"""One phase, in this process: ``python -m benchmarks.gpu_check.phase NAME --folder FOLDER --findings FILE``."""

import argparse
import os
import sys
from pathlib import Path

from benchmarks.gpu_check.findings import Findings
from benchmarks.gpu_check.phases import BATCHES, BATCHES_ON_CPU, PHASES


def main() -> None:
    """Do the work; what it finds goes into the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=[phase.name for phase in PHASES])
    parser.add_argument("--folder", type=Path, required=True, help="for weights and exported files")
    parser.add_argument("--findings", type=Path, required=True, help="file that the rows are appended to")
    parser.add_argument("--size", required=True, help="published or small")
    options = parser.parse_args()
    findings = Findings(options.findings)
    what = next(phase.what for phase in PHASES if phase.name == options.name)
    with findings.unless_it_fails(what):
        _work(options.name, options.folder, options.size, findings)


# Each imports what it needs itself: it may not be here, and then only this phase misses it.
def _work(name: str, folder: Path, size: str, findings: Findings) -> None:
    if name in {"machine", "ceiling"}:
        from benchmarks.gpu_check import machine

        (machine.machine if name == "machine" else machine.ceiling)(findings)
    else:
        _work_on_networks(name, folder, size, findings)


def _work_on_networks(name: str, folder: Path, size: str, findings: Findings) -> None:
    from benchmarks.gpu_check.networks import Workshop
    from benchmarks.gpu_check.timing import device

    workshop = Workshop(folder, size)
    batches = BATCHES if device().type == "cuda" else BATCHES_ON_CPU
    if name == "weights":
        workshop.reference()  # makes the weights first; every other phase finds both
    elif name == "other_networks":
        from benchmarks.gpu_check.other_networks import other_networks

        other_networks(findings)
    elif name == "end_to_end":
        from benchmarks.gpu_check.end_to_end import end_to_end

        end_to_end(workshop, findings)
    elif name == "onnx":
        from benchmarks.gpu_check.onnx_runs import onnx

        onnx(workshop, batches, findings)
    else:
        from benchmarks.gpu_check import torch_runs

        runs = {
            "eager": torch_runs.eager,
            "torchscript": torch_runs.torchscript,
            "compiled": torch_runs.compiled,
            "aot_inductor": torch_runs.aot_inductor,
        }
        runs[name](workshop, batches, findings)


if __name__ == "__main__":
    main()
    # Everything is written. Taking the libraries down takes seconds, and some of them crash in it.
    sys.stdout.flush()
    os._exit(0)
