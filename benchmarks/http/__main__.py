"""`python -m benchmarks.http`: the HTTP service under load, lite models, load generator in this process."""

import argparse
import sys

from benchmarks.http.capacity import overload_table, throughput_table
from benchmarks.http.memory import memory_table
from benchmarks.http.overhead import overhead_table
from harness.tables import Report, add_json_option

PARTS = ("overhead", "throughput", "overload", "memory")


_OVERHEAD = {
    "request": "request",
    "overhead p50": "overhead p50, ms",
    "p99": "overhead p99, ms",
    "latency p50": "latency p50, ms",
    "latency p99": "latency p99, ms",
    "answer kB": "answer, kB",
}
_THROUGHPUT = {
    "clients": "clients",
    "frames/s": "frames/s",
    "p50 ms": "p50, ms",
    "p99 ms": "p99, ms",
    "other than 200": "not answered",
}
_OVERLOAD = {
    "load": "arrivals",
    "offered/s": "offered/s",
    "answered/s": "answered/s",
    "answered p50 ms": "p50, ms",
    "answered p99 ms": "p99, ms",
    "refused": "refused, by status",
}
_MEMORY = {"frames": "frames", "MiB": "resident, MiB"}
_SLOPE = {
    "sessions alive": "sessions alive",
    "frames/s": "frames/s",
    "not answered": "not answered",
    "filling, MiB per 10,000 frames": "while histories fill, MiB per 10,000 frames",
    "full, MiB per 10,000 frames": "once they are full, MiB per 10,000 frames",
}


def main() -> int:
    """Measure, print and keep tables; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.http", description=__doc__)
    add_json_option(parser)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--short", action="store_true", help="a tenth of everything: whether it works, not how well")
    parser.add_argument("--frames", type=int, default=100_000, help="frames for the memory")
    parser.add_argument("--capacity", type=float, help="frames/s for the overload; default: measured first")
    options = parser.parse_args()
    seconds, frames, total = (4.0, 30, 5_000) if options.short else (40.0, 400, options.frames)
    report = Report("benchmarks.http", options.json)
    if "overhead" in options.only:
        report.add("overhead", "Beyond decoding and inference, one client, 1080p", _OVERHEAD, overhead_table(frames))
    if "throughput" in options.only:
        report.add("throughput", "Throughput, 1080p, no mesh", _THROUGHPUT, throughput_table(seconds))
    if "overload" in options.only:
        report.add("overload", "Overload, 1080p, no mesh", _OVERLOAD, overload_table(seconds, options.capacity))
    if "memory" in options.only:
        rows, summary = memory_table(total, 200)
        report.add("memory", f"Resident memory, {total} frames in 200 sessions", _MEMORY, rows)
        report.add("memory-slope", "Growth of the memory", _SLOPE, [summary])
    return 0


if __name__ == "__main__":
    sys.exit(main())
