"""Runs trackers as processes of their own."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from benchmarks.simulated_gpu.tracker import Job

ROOT = Path(__file__).resolve().parents[2]


def run_trackers(job: Job, count: int) -> tuple[list[dict[str, Any]], float]:
    """Run so many trackers with the same job at once; returns what each said, and the seconds that all took."""
    command = [sys.executable, "-m", "benchmarks.simulated_gpu.tracker", job.text()]
    # The trackers end first, so that no thread waits for one that goes on.
    with ThreadPoolExecutor(count) as pool, _running(command, count) as processes:
        for process in processes:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            process.stdout.readline()
        start = time.monotonic()
        said = list(pool.map(lambda process: orjson.loads(process.communicate("go\n")[0]), processes))
        return said, time.monotonic() - start


@contextmanager
def _running(command: Sequence[str], count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Run a command so many times at once; what still runs at the end is killed."""
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        for _ in range(count)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def body_repository(target: Path) -> Path:
    """Make a repository that holds a body for the full set."""
    folder = target / "hmr2"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "model_repository" / "hmr_lite" / "body_model.npz", folder)
    return target
