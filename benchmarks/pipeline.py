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

from harness.machine import cpu_name

_SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "snow_promenade.mp4"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path, default=[_SAMPLE], help="default: the sample")
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each video; the median is shown")
    parser.add_argument("--option", action="append", default=[], help="passed on to `track`, e.g. --option=--overlay")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    rows = [measure(video, arguments.runs, arguments.option) for video in arguments.videos]
    print(cpu_name())
    print(table(rows))
    if arguments.json is not None:
        arguments.json.write_bytes(
            orjson.dumps({"cpu": cpu_name(), "options": arguments.option, "videos": rows}, option=orjson.OPT_INDENT_2)
        )


def measure(video: Path, runs: int, options: list[str]) -> dict[str, Any]:
    """Return the run with the median speed, and the speeds of all."""
    summaries = [run(video, options) for _ in range(runs + 1)][1:]
    middle = statistics.median_low(summary["fps"] for summary in summaries)
    summary = next(summary for summary in summaries if summary["fps"] == middle)
    return {
        "video": video.name,
        "frames": summary["frames"],
        "person_frames": summary["seen"] + summary["predicted"],
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


def table(rows: list[dict[str, Any]]) -> str:
    """Return the figures as aligned text; busy milliseconds per frame and stage (stages overlap)."""
    stages = list(rows[0]["ms_per_frame"])
    lines = [f"{'video':24}{'frames':>8}{'people':>8}{'fps':>8}{'MiB':>7}" + "".join(f"{name:>13}" for name in stages)]
    for row in rows:
        busy = row["ms_per_frame"]
        lines.append(
            f"{row['video']:24}{row['frames']:8d}{row['person_frames'] / row['frames']:8.1f}{row['fps']:8.1f}"
            f"{row['peak_memory_mib']:7.0f}" + "".join(f"{busy.get(name, 0):10.2f} ms" for name in stages)
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
