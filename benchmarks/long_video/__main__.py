"""Long jobs: ``python -m benchmarks.long_video [--frames 20000] [--replayed 200000] [--parts ...] [--json FILE]``.

Parts: ``real`` memory and disk with the lite models; ``replayed`` the same with recorded model outputs, so that only
this project's own code runs; ``speed`` a job against the command line on the same video; ``queue`` fifty small videos,
two at a time; ``refine`` jitter and joint errors before and after the second pass.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.long_video.memory import real_run, replayed_run, speeds
from benchmarks.long_video.queue import queue_run
from benchmarks.long_video.refine import refinement_rows
from harness.tables import Report, add_json_option

_PARTS = ("real", "replayed", "speed", "queue", "refine")


_MEMORY = {
    "process": "process",
    "frames": "frames",
    "fps": "frames/s",
    "peak_mib": "most, MiB",
    "mb_per_10000_frames": "growth after the first quarter, MB per 10,000 frames",
    "most_disk_mib": "most disk, MiB",
}
_SPEED = {"way": "way", "best_fps": "best, frames/s", "all_fps": "all runs, frames/s"}
_QUEUE = {
    "videos": "videos",
    "completed": "completed",
    "seconds": "seconds",
    "most_workers": "most workers at once",
    "largest_displacement": "largest distance from the place in the queue",
    "urgent_first": "urgent ones of a client first",
}
_REFINEMENT = {
    "option": "option",
    "jitter": "jitter, m/s²",
    "seen": "seen: MPJPE / PA-MPJPE, mm",
    "predicted": "predicted: MPJPE / PA-MPJPE, mm",
    "matches": "matches, seen / predicted",
    "id_switches": "id switches",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=20_000, help="of the video with the lite models")
    parser.add_argument("--replayed", type=int, default=200_000, help="of the video with recorded outputs")
    parser.add_argument("--speed-frames", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=2, help="of each side of the comparison of speeds")
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=list(_PARTS))
    add_json_option(parser)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the processes below end too
    report = Report("benchmarks.long_video", arguments.json)
    with tempfile.TemporaryDirectory(prefix="phalp-long-") as name:
        for part in arguments.parts:
            _measure(part, Path(name), arguments, report)


def _measure(part: str, folder: Path, arguments: argparse.Namespace, report: Report) -> None:
    if part == "real":
        _memory(report, part, "lite models", real_run(folder, arguments.frames))
    elif part == "replayed":
        _memory(report, part, "recorded model outputs", replayed_run(folder, arguments.replayed))
    elif part == "speed":
        rows = speeds(folder, arguments.speed_frames, arguments.runs)
        report.add("speed", f"A job against the command line, {arguments.speed_frames} frames", _SPEED, rows)
    elif part == "queue":
        row = queue_run(folder)
        report.add("queue", "Fifty small videos of three clients, two at a time", _QUEUE, [row])
        cancelled = [{"job": state, "afterwards": ended} for state, ended in row["cancelled"].items()]
        report.add("cancelled", "Cancelling a job in each state", {"job": "job", "afterwards": "afterwards"}, cancelled)
    else:
        report.add("refinement", "The sample against its truth", _REFINEMENT, refinement_rows(folder))


def _memory(report: Report, name: str, models: str, measured: dict[str, Any]) -> None:
    rows = [{"process": process, **measured, **measured[process]} for process in ("service", "worker")]
    report.add(f"memory-{name}", f"Memory of a long job, {models}", _MEMORY, rows)


if __name__ == "__main__":
    main()
