"""What tracking costs now and before: ``python -m benchmarks.cost --before TREE [VIDEO ...] [--json FILE]``.

TREE is a checkout from before (``git worktree add ../before 5b555af`` is the first version). It, the product and the
product without the second look take turns on every video, each run in a process of its own as a user would run it; of
each the cheapest run counts. CPU time is that of the process, less that of one which tracks a single frame; frames per
second and stages are those of its ``summary.json``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from harness.tables import Report, add_json_option

ROOT = Path(__file__).resolve().parents[1]
VIDEOS = (
    ROOT / "samples" / "snow_promenade.mp4",
    ROOT / "samples" / "snow_jump.mp4",
    ROOT / ".." / "shared" / "data" / "runner.mp4",
    ROOT / ".." / "shared" / "data" / "pets09_s2l1.avi",
)


Way: TypeAlias = tuple[Path, Sequence[str]]
"""A tree, and the settings with which its product runs."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path, help="default: both samples, the runner and PETS09-S2L1")
    parser.add_argument("--before", type=Path, metavar="TREE", required=True, help="checkout to compare with")
    parser.add_argument("--frames", type=int, default=100, help="of every video")
    parser.add_argument("--runs", type=int, default=2, help="runs of each; the cheapest counts")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    ways = {"before": (options.before.resolve(), ()), "now": (ROOT, ()), "bare": (ROOT, ("second_look.enable=false",))}
    videos = [video.resolve() for video in options.videos or VIDEOS if options.videos or video.exists()]
    runs = {video.name: alternating(ways, video, options.frames, options.runs) for video in videos}
    report = Report("benchmarks.cost", options.json, arguments)
    every = {**runs, "all": together(list(runs.values()))}
    report.add(
        "cpu",
        "CPU milliseconds a frame of all of tracking but the overlay",
        {
            "video": "video",
            "before": "before",
            "now": "now",
            "more": "more, %",
            "bare": "now, without the second look",
            "bare_more": "more than before, %",
        },
        [_cpu(name, one) for name, one in every.items()],
    )
    report.add(
        "speed",
        "Frames a second of the same runs",
        {"video": "video", "before": "before", "now": "now", "bare": "now, without the second look"},
        [{"video": name, **{way: figure["fps"] for way, figure in one.items()}} for name, one in every.items()],
    )
    report.add(
        "stages",
        "Busy milliseconds a frame by stage, before and now; stages overlap",
        {"stage": "stage", **{name: name for name in runs}},
        [*_stages(runs), _looks(runs)],
    )


def alternating(ways: Mapping[str, Way], video: Path, frames: int, runs: int) -> dict[str, dict[str, Any]]:
    """Return the cheapest run of each way, with the CPU seconds beyond those of its first frame."""
    first = {way: run(*given, video, 1)["cpu"] for way, given in ways.items()}
    figures: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
    for _ in range(runs):
        for way, given in ways.items():
            figures[way].append(run(*given, video, frames))
    cheapest = {way: min(of_way, key=lambda figure: float(figure["cpu"])) for way, of_way in figures.items()}
    return {way: figure | {"cpu": figure["cpu"] - first[way]} for way, figure in cheapest.items()}


def together(runs: Sequence[dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Return the figures of all videos as if they were one."""
    sums = {}
    for way in runs[0]:
        frames = sum(one[way]["frames"] for one in runs)
        seconds = sum(one[way]["frames"] / one[way]["fps"] for one in runs)
        sums[way] = {"cpu": sum(one[way]["cpu"] for one in runs), "frames": frames, "fps": frames / seconds}
    return sums


def run(tree: Path, settings: Sequence[str], video: Path, frames: int) -> dict[str, Any]:
    """Track the first frames of a video with a tree's product and these settings: its summary, and ``cpu`` seconds."""
    with tempfile.TemporaryDirectory(prefix="phalp-cost-") as folder:
        command = [sys.executable, "-m", "tracker_service", "track", str(video), *settings, "--out", folder]
        process = subprocess.Popen(
            [*command, "--no-overlay", "--end", str(frames)],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{tree}: tracking {video} ended with {process.returncode}")
        summary: dict[str, Any] = orjson.loads((Path(folder) / "summary.json").read_bytes())
    return summary | {"cpu": used.ru_utime + used.ru_stime}


def _cpu(name: str, runs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    spent = {way: 1000 * one["cpu"] / one["frames"] for way, one in runs.items()}
    more = {f"{way}_more": 100 * (ms / spent["before"] - 1) for way, ms in spent.items()}
    return {"video": name, **spent, "more": more["now_more"], "bare_more": more["bare_more"]}


def _stages(runs: dict[str, dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    names = dict.fromkeys(stage for ways in runs.values() for one in ways.values() for stage in one["stages"])
    return [{"stage": name, **{video: _both(ways, name) for video, ways in runs.items()}} for name in names]


def _both(ways: dict[str, dict[str, Any]], stage: str) -> str:
    cells = [
        f"{1000 * one['stages'][stage] / one['frames']:.1f}" if stage in one["stages"] else "-"
        for one in (ways["before"], ways["now"])
    ]
    return ", ".join(cells)


def _looks(runs: dict[str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    now = {video: ways["now"] for video, ways in runs.items()}
    shares = {video: f"{100 * one['second_look'] / max(one['seen'], 1):.1f}" for video, one in now.items()}
    return {"stage": "people found by a second look now, %", **shares}


if __name__ == "__main__":
    main()
