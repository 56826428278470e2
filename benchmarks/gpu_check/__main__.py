"""What a card makes of the networks: ``python -m benchmarks.gpu_check`` (`make gpu-check`), at most eight minutes.

Needs Python 3.11 or newer with PyTorch and NumPy; uses what else it finds, and says what it misses. Wheels in
``outputs/gpu_check/wheels`` (`python -m benchmarks.gpu_check.wheels` brings them) are used without being installed.
Each phase runs in a process of its own and has its share of the time, so that a crash or a hang costs only its figures.
After each, ``gpu_check.json`` and ``gpu_check.md`` are written anew. On a machine without a card the same phases run on
the CPU, which tries the command and says nothing about a card.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks.gpu_check.children import Runner
from benchmarks.gpu_check.phases import PHASES, SECONDS
from benchmarks.gpu_check.wheels import WHEELS, unpacked

OUT = Path("outputs/gpu_check")


def main(arguments: list[str] | None = None) -> int:
    """Run all phases and print the page; returns 0 even where things could not be measured, which the page says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_check", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, help="folder of gpu_check.json and gpu_check.md")
    parser.add_argument("--size", default="published", choices=("published", "small"), help="small only tries it out")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for all phases together")
    parser.add_argument("--phases", nargs="+", default=[phase.name for phase in PHASES], help="only these")
    parser.add_argument("--wheels", type=Path, default=WHEELS, help="folder of wheels for what this machine lacks")
    options = parser.parse_args(arguments)
    chosen = [phase for phase in PHASES if phase.name in options.phases]
    options.out.mkdir(parents=True, exist_ok=True)
    pace = options.seconds / sum(phase.seconds for phase in chosen)
    with unpacked(options.wheels) as packages, tempfile.TemporaryDirectory(prefix="gpu-check-") as workshop:
        runner = Runner(options.out, Path(workshop), options.size, packages, pace)
        for phase in chosen:
            runner.run(phase)
    print((options.out / "gpu_check.md").read_text())
    return 0


if __name__ == "__main__":
    # Told to stop, it ends its phase and removes what it has written, as on Ctrl-C; the results of earlier ones stay.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
