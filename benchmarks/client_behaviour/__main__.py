"""`python -m benchmarks.client_behaviour`: what becomes of the frames of the Node backend, situation by situation.

A program of our own plays the backend: pools of four workers that post a frame each and pause for 50 ms, or all frames
at once; 120 s timeout for ``/pose/hybrid``, 10 s and two retries for ``/pose``; no session ids. The lite models compute
every image once and repeat their answer afterwards. Times include that, so compare only rows of one run.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.client_behaviour.first_frame import first_frame_rows
from benchmarks.client_behaviour.restarts import restart_rows
from benchmarks.client_behaviour.situations import BURST, in_one_service, loading_row, pair_rows, single_rows
from harness.tables import Report, Rows, Table, add_json_option, read_tables

PARTS = ("single", "pairs", "restarts", "first")
_SITUATIONS = {
    "situation": "situation",
    "pose": "with a pose, of those that have one alone",
    "wrong": "in the wrong video",
    "lost": "lost",
    "p99 ms": "p99, ms",
}
_PAIRS = {
    "situation": "situation",
    "pose": "with a pose, of those that have one alone",
    "wrong": "in the wrong video",
    "identical": "identical files, in the wrong video",
}
_RESTARTS = {
    "service": "service",
    "client": "client",
    "pose": "with a pose",
    "down s": "not listening, s",
}


_BEFORE = {"before": "with a pose before", "wrong before": "in the wrong video before"}


def _compared(columns: dict[str, str], rows: Rows, before: Table | None) -> tuple[dict[str, str], Rows]:
    """Add what an earlier version answered to the rows of the same name."""
    if before is None:
        return columns, rows
    names = list(columns)[: 2 if "client" in columns else 1]
    earlier = {tuple(row[name] for name in names): row for row in before.rows}
    compared = []
    for row in rows:
        then = earlier.get(tuple(row[name] for name in names), {})
        compared.append({**row, "before": then.get("pose"), "wrong before": then.get("wrong")})
    shown = [name for name in _BEFORE if name == "before" or "identical" in columns]
    return {**columns, **{name: _BEFORE[name] for name in shown}}, compared


def main() -> int:
    """Measure, print and keep tables; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.client_behaviour", description=__doc__)
    add_json_option(parser)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--frames", type=int, default=BURST, help="frames of a video alone")
    parser.add_argument("--pair-frames", type=int, default=40, help="frames of each of two videos at once")
    parser.add_argument("--pairs", default="", metavar="TEXT", help="only pairs in situations with this in their names")
    parser.add_argument("--videos", type=int, default=7, help="videos whose first frame is waited for")
    parser.add_argument("--before", type=Path, help="the tables of an earlier version, to compare with")
    options = parser.parse_args()
    report = Report("benchmarks.client_behaviour", options.json)
    before = {} if options.before is None else read_tables(options.before)
    if "single" in options.only:
        rows = in_one_service(lambda users: single_rows(users, options.frames))
        with TemporaryDirectory(prefix="phalp-clients-") as folder:
            rows.append(loading_row(Path(folder), options.frames))
        report.add("situations", "One client", *_compared(_SITUATIONS, rows, before.get("situations")))
    if "pairs" in options.only:
        rows = in_one_service(lambda users: pair_rows(users, options.pair_frames, options.pairs))
        report.add("pairs", "Two users of one backend", *_compared(_PAIRS, rows, before.get("pairs")))
    if "restarts" in options.only:
        rows = restart_rows(options.frames)
        title = "A restart in the middle of a video"
        report.add("restarts", title, *_compared(_RESTARTS, rows, before.get("restarts")))
    if "first" in options.only:
        columns = {
            "worker": "worker process",
            "after start s": "first frame after the start of the work, s",
            "after post s": "after the post, s",
        }
        report.add("first", "The first frame of POST /pose/video", columns, first_frame_rows(options.videos))
    return 0


if __name__ == "__main__":
    sys.exit(main())
