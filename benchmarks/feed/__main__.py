"""What a frame costs beside inference: ``python -m benchmarks.feed [VIDEO] [--before TREE] [--json FILE]``.

TREE is a checkout from before a change (``git worktree add``); both take turns, and the cheapest run of each counts.
The models answer what they answered once before, so that everything but inference is measured: CPU time of the process
by stage, and that of the bare decoder beside it. Without VIDEO the sample is scaled to 1080p first, with noise.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks.feed.clients import RecordingClient
from benchmarks.feed.clip import full_hd
from harness.tables import Report, add_json_option
from tracker_service.people.boxes import overlaps
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import load_settings
from tracker_service.video.source import open_source
from tracker_service.wiring.models import open_client
from tracker_service.wiring.run import RunOptions, open_run

ROOT = Path(__file__).resolve().parents[2]
_REPOSITORY = str(ROOT / "model_repository")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_SAME_PLACE = 0.5
_LAST = ("others", "all", "bare decoder", "people")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", nargs="?", type=Path, help="default: the sample in 1080p")
    parser.add_argument("--before", type=Path, metavar="TREE", help="checkout to compare with")
    parser.add_argument("--frames", type=int, default=100, help="of every video")
    parser.add_argument("--parity", type=Path, nargs="+", default=[], metavar="VIDEO", help="compare results of these")
    parser.add_argument("--runs", type=int, default=3, help="runs of each tree; the cheapest counts")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    trees = {"after": ROOT} if options.before is None else {"before": options.before.resolve(), "after": ROOT}
    with tempfile.TemporaryDirectory(prefix="phalp-feed-") as name:
        folder = Path(name)
        video = options.video or full_hd(folder / "full_hd.mp4", options.frames)
        answers = record(video, folder / "answers.npz")
        rows = measured(trees, video, answers, options.runs, folder)
    report = Report("benchmarks.feed", options.json)
    report.add(
        "stages",
        "CPU milliseconds a frame by stage, inference left out",
        {"stage": "stage", **{tree: f"{tree}, ms" for tree in trees}},
        rows,
    )
    if options.parity and len(trees) > 1:
        with tempfile.TemporaryDirectory(prefix="phalp-feed-") as name:
            parity = [compared(trees, video, options.frames, Path(name)) for video in options.parity]
        report.add(
            "parity",
            "People seen before and after, compared where their boxes overlap by more than half",
            {
                "video": "video",
                "people": "people seen, before and after",
                "same": "in the same place, %",
                "box_px": "box, median, px",
                "joints_mm": "joints, median, mm",
                "joints_p95_mm": "joints, 95 %, mm",
            },
            parity,
        )


def compared(trees: dict[str, Path], video: Path, frames: int, folder: Path) -> dict[str, Any]:
    """Return how far the people that two trees see in a video are apart, those in the same place of a frame."""
    seen = []
    for tree, root in trees.items():
        target = folder / f"{tree}.npz"
        with only_the_product(root, folder / tree) as product:
            _run(product, "results_of", str(video.resolve()), str(frames), _REPOSITORY, str(target))
        with np.load(target) as results:
            seen.append({name: results[name] for name in results.files})
    old, new = seen
    both = [pair for number in np.unique(old["rows"][:, 0]) for pair in _same_place(old, new, number)]
    before, after = np.array(both).T
    boxes = np.abs(new["boxes"][after] - old["boxes"][before]).max(axis=1)
    joints = 1000 * np.linalg.norm(new["joints"][after] - old["joints"][before], axis=2).mean(axis=1)
    return {
        "video": video.name,
        "people": f"{len(old['rows']):,} and {len(new['rows']):,}",
        "same": 100 * len(both) / max(len(old["rows"]), len(new["rows"])),
        "box_px": float(np.median(boxes)),
        "joints_mm": float(np.median(joints)),
        "joints_p95_mm": float(np.quantile(joints, 0.95)),
    }


def _same_place(old: dict[str, Any], new: dict[str, Any], number: int) -> list[tuple[int, int]]:
    """Return the rows of one frame's people who are in the same place, by the overlap of their boxes."""
    here, there = (np.flatnonzero(seen["rows"][:, 0] == number) for seen in (old, new))
    shared = overlaps(old["boxes"][here], new["boxes"][there])
    pairs = zip(*linear_sum_assignment(-shared), strict=True)
    return [(int(here[row]), int(there[column])) for row, column in pairs if shared[row, column] > _SAME_PLACE]


def record(video: Path, target: Path) -> Path:
    """Track a video and keep what the models answer; returns the file."""
    settings = load_settings({"render": {"enable": False}})
    client = RecordingClient(open_client(settings))
    with closing(client), open_source(video, threads=1) as source:
        with closing(open_run(RunOptions.of(settings), client, source, source.info.fps, times=StageTimes())) as run:
            for _ in run.frames():
                pass
        client.save(target)
    return target


def measured(trees: dict[str, Path], video: Path, answers: Path, runs: int, folder: Path) -> list[dict[str, Any]]:
    """Return a row a stage with the figure of each tree, those of its cheapest run."""
    figures: dict[str, list[dict[str, float]]] = {tree: [] for tree in trees}
    for _ in range(runs):
        for tree, root in trees.items():
            with only_the_product(root, folder / tree) as path:
                figures[tree].append(_process(path, video.resolve(), answers))
    best = {tree: min(of_tree, key=lambda figure: figure["all"]) for tree, of_tree in figures.items()}
    stages = [stage for stage in next(iter(best.values())) if stage not in _LAST]
    return [{"stage": stage, **{tree: best[tree].get(stage) for tree in trees}} for stage in (*stages, *_LAST)]


@contextmanager
def only_the_product(tree: Path, folder: Path) -> Iterator[Path]:
    """Give a folder that holds the tree's `tracker_service` and nothing else of it."""
    folder.mkdir(exist_ok=True)
    link = folder / "tracker_service"
    link.symlink_to(tree / "tracker_service")
    try:
        yield folder
    finally:
        link.unlink()


def _process(product: Path, video: Path, answers: Path) -> dict[str, float]:
    figures: dict[str, float] = json.loads(_run(product, "measured", str(video), str(answers), _REPOSITORY))
    return figures


def _run(product: Path, module: str, *arguments: str) -> bytes:
    """Run a module of this folder with another tree's product; returns the last line that it printed."""
    answer = subprocess.run(
        [sys.executable, "-m", f"benchmarks.feed.{module}", *arguments],
        check=True,
        stdout=subprocess.PIPE,
        cwd=product,
        env={**os.environ, **_ONE_THREAD, "PYTHONPATH": f"{product}{os.pathsep}{ROOT}"},
    )
    return (answer.stdout.splitlines() or [b""])[-1]


if __name__ == "__main__":
    main()
