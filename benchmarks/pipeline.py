"""Speed of the whole pipeline, without overlay: ``python -m benchmarks.pipeline [VIDEO]... [--json FILE]``.

Every video runs in a process of its own, as a user would run it, and once before to warm the file cache; the figures
are those of its `summary.json`.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson

from harness.tables import Report, add_json_option

_SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "snow_promenade.mp4"


_SHOWN = ("decoding", "detection", "bodies", "association")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path, default=[_SAMPLE], help="default: the sample")
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each video; the median is shown")
    parser.add_argument("--option", action="append", default=[], help="passed on to `track`, e.g. --option=--overlay")
    add_json_option(parser)
    arguments = parser.parse_args()
    rows = [measure(video, arguments.runs, arguments.option) for video in arguments.videos]
    report = Report("benchmarks.pipeline", arguments.json)
    report.add(
        "speed",
        "The whole pipeline, without overlay",
        {"video": "video", "people": "people a frame", "fps": "frames/s", "peak_memory_mib": "most memory, MiB"},
        rows,
    )
    report.add(
        "stages",
        "Busy milliseconds a frame by stage; stages overlap",
        {"video": "video", **{stage: stage for stage in _SHOWN}, "others": "all others"},
        [_stages(row) for row in rows],
    )


def _stages(row: dict[str, Any]) -> dict[str, Any]:
    """Return the busy milliseconds of the stages that are shown, and the sum of the others."""
    busy = row["ms_per_frame"]
    others = sum(ms for stage, ms in busy.items() if stage not in _SHOWN)
    return {"video": row["video"], **{stage: busy.get(stage, 0.0) for stage in _SHOWN}, "others": others}


def measure(video: Path, runs: int, options: list[str]) -> dict[str, Any]:
    """Return the run with the median speed, and the speeds of all."""
    summaries = [run(video, options) for _ in range(runs + 1)][1:]
    middle = statistics.median_low(summary["fps"] for summary in summaries)
    summary = next(summary for summary in summaries if summary["fps"] == middle)
    return {
        "video": video.name,
        "frames": summary["frames"],
        "people": (summary["seen"] + summary["predicted"]) / summary["frames"],
        "fps": summary["fps"],
        "all_fps": sorted(summary["fps"] for summary in summaries),
        "ms_per_frame": {name: 1000 * busy / summary["frames"] for name, busy in summary["stages"].items()},
        "peak_memory_mib": summary["peak_memory"] / 2**20,
    }


def run(video: Path, options: list[str]) -> dict[str, Any]:
    """Track a video in a process of its own and return its summary."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tracker_service", "track", str(video), "--out", folder, "--no-overlay"]
        subprocess.run([*command, *options], check=True, capture_output=True)
        summary: dict[str, Any] = orjson.loads((Path(folder) / "summary.json").read_bytes())
    return summary


if __name__ == "__main__":
    main()
