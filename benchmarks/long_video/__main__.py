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

import orjson

from benchmarks.long_video.memory import real_run, replayed_run, speeds
from benchmarks.long_video.queue import queue_run
from benchmarks.long_video.refine import refinement_rows
from harness.machine import cpu_name

_PARTS = ("real", "replayed", "speed", "queue", "refine")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=20_000, help="of the video with the lite models")
    parser.add_argument("--replayed", type=int, default=200_000, help="of the video with recorded outputs")
    parser.add_argument("--speed-frames", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=2, help="of each side of the comparison of speeds")
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=list(_PARTS))
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the processes below end too
    report: dict[str, Any] = {"cpu": cpu_name()}
    print(report["cpu"])
    with tempfile.TemporaryDirectory(prefix="phalp-long-") as name:
        folder = Path(name)
        for part in arguments.parts:
            report[part] = _measure(part, folder, arguments)
            print(f"{part}: {_text(report[part])}", flush=True)
            if arguments.json is not None:
                arguments.json.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))


def _measure(part: str, folder: Path, arguments: argparse.Namespace) -> Any:
    if part == "real":
        return real_run(folder, arguments.frames)
    if part == "replayed":
        return replayed_run(folder, arguments.replayed)
    if part == "speed":
        return speeds(folder, arguments.speed_frames, arguments.runs)
    return queue_run(folder) if part == "queue" else refinement_rows(folder)


def _text(figures: Any) -> str:
    if isinstance(figures, dict):
        figures = {name: value for name, value in figures.items() if name != "readings"}
    return orjson.dumps(figures, option=orjson.OPT_INDENT_2).decode()


if __name__ == "__main__":
    main()
