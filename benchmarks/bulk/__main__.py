"""`python -m benchmarks.bulk`: videos of an S3 server on this machine, tracked by Ray's workers, four minutes."""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.bulk.kills import killed_runs
from benchmarks.bulk.speed import speed
from benchmarks.bulk.stored_clips import stored_clips
from harness.tables import Report, add_json_option

_SPEED = {
    "workers": "workers",
    "videos": "videos",
    "start s": "start of Ray and workers, s",
    "tracking s": "first video to last, s",
    "videos/h": "videos an hour",
    "efficiency": "efficiency, %",
}
_KILLS = {
    "drivers killed": "commands killed",
    "workers killed": "workers killed",
    "videos": "videos",
    "lost": "lost or failed",
    "twice": "computed again although finished",
    "different": "with other bytes than undisturbed",
}


def main() -> int:
    """Measure, print and keep tables; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__)
    add_json_option(parser)
    parser.add_argument("--videos", type=int, default=8)
    parser.add_argument("--frames", type=int, default=60, help="of each video")
    parser.add_argument("--kills", type=int, default=4, help="half of them of the command, half of workers")
    options = parser.parse_args()
    report = Report("benchmarks.bulk", options.json)
    with tempfile.TemporaryDirectory() as folder, stored_clips(Path(folder), options.videos, options.frames) as clips:
        rows = [speed(clips, workers) for workers in (1, 2)]
        for row in rows:
            row["efficiency"] = 100 * row["frames/s"] / (rows[0]["frames/s"] * row["workers"])
        report.add("speed", "Videos an hour", _SPEED, rows)
        report.add("kills", "Commands and workers killed", _KILLS, [killed_runs(clips, options.kills)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
