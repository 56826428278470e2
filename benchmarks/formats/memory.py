"""How much memory converting takes, by the length of the results."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from tracker_service.results.formats.bodies.skeleton import SkeletonPreset
from tracker_service.results.formats.registry import FORMATS
from tracker_service.results.formats.task import ConversionTask
from tracker_service.results.result_files import RESULTS

_PROGRAM = """
import sys
from tracker_service.results.formats.__main__ import run
from tracker_service.results.formats.task import ConversionTask
from tracker_service.results.summary import peak_memory

run(ConversionTask.from_json(sys.argv[1]))
print(peak_memory())
"""


def memory_rows(results: Path, body: Path, frames: Sequence[int]) -> list[dict[str, Any]]:
    """Return the peak memory, MiB, of one conversion a process: one row a format, one figure a length.

    Args:
        results: folder of results, which are repeated to be as long as asked.
        body: of the model set.
        frames: lengths.
    """
    found: list[dict[str, Any]] = [{"format": name} for name in FORMATS]
    for length in frames:
        with tempfile.TemporaryDirectory() as scratch:
            repeated(results, Path(scratch), length)
            for row in found:
                task = ConversionTask(
                    Path(scratch), Path(scratch, "out"), row["format"], body, SkeletonPreset.SMPL, 10**9
                )
                row[f"at_{length}"] = peak_memory(task)
    return found


def peak_memory(task: ConversionTask) -> float:
    """Return the largest resident memory of a process that does a task, MiB; it tells itself."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM, task.to_json()], check=True, capture_output=True)
    return int(done.stdout) / 2**20


def repeated(results: Path, folder: Path, frames: int) -> None:
    """Write results of so many frames into ``folder``: those of ``results`` again and again."""
    lines = (results / RESULTS).read_bytes().splitlines()
    seconds = orjson.loads(lines[-1])["timestamp"] + orjson.loads(lines[1])["timestamp"]
    with (folder / RESULTS).open("wb") as file:
        for number in range(frames):
            frame = orjson.loads(lines[number % len(lines)])
            turn = number // len(lines)
            moved = {"frame_number": number, "timestamp": frame["timestamp"] + turn * seconds}
            file.write(orjson.dumps({**frame, **moved}) + b"\n")
