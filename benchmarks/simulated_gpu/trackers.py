"""Runs trackers as processes of their own."""

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson

from benchmarks.simulated_gpu.tracker import Job

ROOT = Path(__file__).resolve().parents[2]


def run_trackers(job: Job, count: int) -> tuple[list[dict[str, Any]], float]:
    """Run so many trackers with the same job at once; returns what each said, and the seconds that all took."""
    command = [sys.executable, "-m", "benchmarks.simulated_gpu.tracker", job.text()]
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True)
            )
            for _ in range(count)
        ]
        for process in processes:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            process.stdout.readline()
        start = time.monotonic()
        with ThreadPoolExecutor(count) as pool:
            said = list(pool.map(lambda process: orjson.loads(process.communicate("go\n")[0]), processes))
        return said, time.monotonic() - start


def body_repository(target: Path) -> Path:
    """Make a repository that holds a body for the full set."""
    folder = target / "hmr2"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "model_repository" / "hmr_lite" / "body_model.npz", folder)
    return target
