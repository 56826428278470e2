"""What tracking costs now and before: ``python -m benchmarks.cost --before TREE [VIDEO ...] [--json FILE]``.

TREE is a checkout from before (``git worktree add ../before 5b555af`` is the end of round one). Both take turns on
every video, each run in a process of its own as a user would run it; of every tree the cheapest run counts. CPU time is
that of the process, less that of one which tracks a single frame; frames per second and stages are those of its
``summary.json``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from harness.tables import Report, add_json_option

ROOT = Path(__file__).resolve().parents[1]
VIDEOS = (
    ROOT / "samples" / "snow_promenade.mp4",
    ROOT / "samples" / "snow_jump.mp4",
    ROOT / ".." / "shared" / "data" / "runner.mp4",
    ROOT / ".." / "shared" / "data" / "pets09_s2l1.avi",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path, help="default: both samples, the runner and PETS09-S2L1")
    parser.add_argument("--before", type=Path, metavar="TREE", required=True, help="checkout to compare with")
    parser.add_argument("--frames", type=int, default=150, help="of every video")
    parser.add_argument("--runs", type=int, default=2, help="runs of each tree; the cheapest counts")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    trees = {"before": options.before.resolve(), "after": ROOT}
    videos = [video.resolve() for video in options.videos or VIDEOS if options.videos or video.exists()]
    runs = {video.name: alternating(trees, video, options.frames, options.runs) for video in videos}
    report = Report("benchmarks.cost", options.json, arguments)
    report.add(
        "videos",
        "The whole of tracking, without overlay, before and now",
        {
            "video": "video",
            "fps_before": "frames/s, before",
            "fps": "now",
            "cpu_before": "CPU ms a frame, before",
            "cpu": "now ",
            "more": "more CPU, %",
        },
        [*(_row(name, trees_runs) for name, trees_runs in runs.items()), _sum(list(runs.values()))],
    )
    report.add(
        "stages",
        "Busy milliseconds a frame by stage, before and now; stages overlap",
        {"stage": "stage", **{name: name for name in runs}},
        [*_stages(runs), _looks(runs)],
    )


def alternating(trees: dict[str, Path], video: Path, frames: int, runs: int) -> dict[str, dict[str, Any]]:
    """Return the cheapest run of each tree, with the CPU seconds beyond those of its first frame."""
    first = {tree: run(root, video, 1)["cpu"] for tree, root in trees.items()}
    figures: dict[str, list[dict[str, Any]]] = {tree: [] for tree in trees}
    for _ in range(runs):
        for tree, root in trees.items():
            figures[tree].append(run(root, video, frames))
    cheapest = {tree: min(of_tree, key=lambda figure: float(figure["cpu"])) for tree, of_tree in figures.items()}
    return {tree: figure | {"cpu": figure["cpu"] - first[tree]} for tree, figure in cheapest.items()}


def run(tree: Path, video: Path, frames: int) -> dict[str, Any]:
    """Track the first frames of a video with the product of a tree: its summary, and ``cpu`` seconds."""
    with tempfile.TemporaryDirectory(prefix="phalp-cost-") as folder:
        command = [sys.executable, "-m", "tracker_service", "track", str(video), "--out", folder, "--no-overlay"]
        process = subprocess.Popen(
            [*command, "--end", str(frames)],
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


def _row(name: str, runs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    before, after = (1000 * runs[tree]["cpu"] / runs[tree]["frames"] for tree in ("before", "after"))
    return {
        "video": name,
        "fps_before": runs["before"]["fps"],
        "fps": runs["after"]["fps"],
        "cpu_before": before,
        "cpu": after,
        "more": 100 * (after / before - 1),
    }


def _sum(runs: Sequence[dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """Return the row of all videos together."""
    together = {}
    for tree in ("before", "after"):
        frames = sum(one[tree]["frames"] for one in runs)
        seconds = sum(one[tree]["frames"] / one[tree]["fps"] for one in runs)
        together[tree] = {"cpu": sum(one[tree]["cpu"] for one in runs), "frames": frames, "fps": frames / seconds}
    return _row("all", together)


def _stages(runs: dict[str, dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    names = dict.fromkeys(stage for trees in runs.values() for one in trees.values() for stage in one["stages"])
    return [{"stage": name, **{video: _both(trees, name) for video, trees in runs.items()}} for name in names]


def _both(trees: dict[str, dict[str, Any]], stage: str) -> str:
    cells = [
        f"{1000 * one['stages'][stage] / one['frames']:.1f}" if stage in one["stages"] else "-"
        for one in (trees["before"], trees["after"])
    ]
    return ", ".join(cells)


def _looks(runs: dict[str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    shares = {
        name: f"{100 * trees['after']['second_look'] / max(trees['after']['seen'], 1):.1f}"
        for name, trees in runs.items()
    }
    return {"stage": "people found by a second look now, %", **shares}


if __name__ == "__main__":
    main()
