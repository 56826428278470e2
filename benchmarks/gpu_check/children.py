"""Runs the phases one after the other, each in a process of its own that is ended when its time is over."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.gpu_check.findings import Findings, read_found
from benchmarks.gpu_check.page import write_page
from benchmarks.gpu_check.phases import Phase

_ROOT = Path(__file__).resolve().parents[2]
_LAST_LINES = 2000


class Runner:
    """Runs phases and writes what they have found after each.

    Args:
        out: folder of the results.
        workshop: folder for weights and exported files, kept between phases.
        size: of the networks.
        packages: folders that are searched for packages beside what is installed.
        pace: what the shares of the phases are multiplied by. Raising it gives slow machines more time.
    """

    def __init__(self, out: Path, workshop: Path, size: str, packages: Path | None, pace: float) -> None:
        self._out, self._size, self._packages, self._pace = out, size, packages, pace
        self._findings = out / "findings"
        self._findings.mkdir(exist_ok=True)
        for old in self._findings.glob("*.jsonl"):
            old.unlink()
        self._workshop = workshop
        self._started = time.monotonic()
        self._planned = 0.0

    def run(self, phase: Phase) -> None:
        """Run a phase until its end, or until the time of all phases up to it is over; then write the results."""
        self._planned += phase.seconds * self._pace
        left = self._planned - (time.monotonic() - self._started)
        findings = Findings(self._findings / f"{phase.name}.jsonl")
        began = time.monotonic()
        if left <= 0:
            findings.missing(phase.what, "no time was left")
        else:
            self._run(phase, left, findings)
        findings.add("time", {"phase": phase.name, "seconds": round(time.monotonic() - began, 1)})
        write_page(self._out, read_found(self._findings), self._size)

    def _run(self, phase: Phase, seconds: float, findings: Findings) -> None:
        print(f"\n== {phase.name}, at most {seconds:.0f} s", flush=True)
        log = self._findings / f"{phase.name}.log"
        with log.open("wb") as file:
            child = subprocess.Popen(self._command(phase), env=self._variables(), stderr=file, start_new_session=True)
            try:
                status = child.wait(seconds)
            except subprocess.TimeoutExpired:
                findings.missing(f"{phase.what}: what is not in the tables", f"its {seconds:.0f} s were over")
                return
            finally:
                _end(child)
        if status != 0:
            lines = log.read_text(errors="replace")[-_LAST_LINES:].strip().splitlines() or ["no message"]
            findings.missing(f"{phase.what}: what is not in the tables", f"status {status}: {lines[-1]}")

    def _command(self, phase: Phase) -> list[str]:
        found = self._findings.resolve() / f"{phase.name}.jsonl"
        module = [sys.executable, "-m", "benchmarks.gpu_check.phase", phase.name]
        return [*module, "--folder", str(self._workshop), "--findings", str(found), "--size", self._size]

    def _variables(self) -> dict[str, str]:
        paths = [str(_ROOT), *([] if self._packages is None else [str(self._packages)])]
        paths += [path for path in (os.environ.get("PYTHONPATH"),) if path]
        caches = {"TORCHINDUCTOR_CACHE_DIR": f"{self._workshop}/inductor"}
        return {**os.environ, **caches, "PYTHONPATH": os.pathsep.join(paths)}


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a phase with everything that it has started: compilers, too."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
