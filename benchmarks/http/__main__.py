"""`python -m benchmarks.http`: the HTTP service under load, lite models, load generator in this process."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.http.capacity import overload_table, throughput_table
from benchmarks.http.memory import memory_table
from benchmarks.http.overhead import overhead_table
from benchmarks.tables import show
from harness.machine import cpu_name

PARTS = ("overhead", "throughput", "overload", "memory")


def main() -> int:
    """Measure, print tables, optionally write JSON; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.http", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--short", action="store_true", help="a tenth of everything: whether it works, not how well")
    parser.add_argument("--frames", type=int, default=100_000, help="frames for the memory")
    parser.add_argument("--capacity", type=float, help="frames/s for the overload; default: measured first")
    options = parser.parse_args()
    seconds, frames, total = (4.0, 30, 5_000) if options.short else (40.0, 400, options.frames)
    report: dict[str, Any] = {"cpu": cpu_name()}
    print(report["cpu"])
    if "overhead" in options.only:
        report["overhead"] = show("Beyond decoding and inference, 1080p, ms a frame", overhead_table(frames))
    if "throughput" in options.only:
        report["throughput"] = show("Throughput, 1080p, no mesh", throughput_table(seconds))
    if "overload" in options.only:
        report["overload"] = show("Overload, 1080p, no mesh", overload_table(seconds, options.capacity))
    if "memory" in options.only:
        rows, summary = memory_table(total, 200)
        report["memory"] = show(f"Resident memory, {total} frames in 200 sessions", rows)
        report["memory_summary"] = show("Memory, in short", [summary])
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
