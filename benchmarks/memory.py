"""Memory over a long video: ``python -m benchmarks.memory [--frames 20000] [--json FILE]``.

The sample is repeated without re-encoding until the video has that many frames; resident memory is read while it runs.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
import psutil

from harness.clips import SAMPLE, repeat
from harness.tables import Report, add_json_option

_READ_EVERY_SECONDS = 0.5
_ROWS = 10


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, default=SAMPLE)
    parser.add_argument("--frames", type=int, default=20_000)
    add_json_option(parser)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        long_video = Path(folder) / "long.mp4"
        frames = repeat(arguments.video, long_video, arguments.frames)
        readings, summary = watch(long_video, Path(folder) / "out")
    report = Report("benchmarks.memory", arguments.json)
    report.add(
        "memory",
        "Memory of a long video on the command line",
        {
            "frames": "frames",
            "fps": "frames/s",
            "first_mib": "after a tenth, MiB",
            "last_mib": "at the end, MiB",
            "peak_mib": "most, MiB",
        },
        [_row(frames, summary, thinned(readings))],
    )


def _row(frames: int, summary: dict[str, Any], tenths: list[tuple[float, float]]) -> dict[str, Any]:
    return {
        "frames": frames,
        "fps": summary["fps"],
        "first_mib": tenths[0][1],
        "last_mib": tenths[-1][1],
        "peak_mib": summary["peak_memory"] / 2**20,
        "tenths_mib": [mib for _, mib in tenths],
    }


def watch(video: Path, out: Path) -> tuple[list[float], dict[str, Any]]:
    """Track ``video`` in a process of its own; return readings of its resident MiB, and its summary."""
    command = [sys.executable, "-m", "tracker_service", "track", str(video), "--out", str(out), "--no-overlay"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    readings = []
    resident = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            readings.append(resident.memory_info().rss / 2**20)
        except psutil.NoSuchProcess:
            break
        time.sleep(_READ_EVERY_SECONDS)
    if process.wait() != 0:
        raise SystemExit(f"track ended with status {process.returncode}")
    return readings, orjson.loads((out / "summary.json").read_bytes())


def thinned(readings: list[float]) -> list[tuple[float, float]]:
    """Return the largest reading of each tenth of the run."""
    size = max(len(readings) // _ROWS, 1)
    parts = [readings[at : at + size] for at in range(0, size * _ROWS, size)]
    return [((index + 1) / _ROWS, max(part)) for index, part in enumerate(parts) if part]


if __name__ == "__main__":
    main()
