"""What the overlay costs: ``python -m benchmarks.overlay [VIDEO] [--before TREE] [--json FILE]``.

TREE is a checkout from before a change (``git worktree add``); both take turns. All times are CPU time of the processes
(children included), because wall time on a shared machine says little. Part of it needs libraries that the project does
not: see `benchmarks.overlay.libraries`.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.overlay.libraries import CAMERA, LitBody, compared
from harness.tables import Report, add_json_option
from tracker_service.body.model import BodyModel
from tracker_service.drawing.level_of_detail import surface_for
from tracker_service.drawing.mesh import vertex_normals
from tracker_service.settings import load_settings
from tracker_service.types import Float64, Int64, Smpl
from tracker_service.types.smpl import NUMBER_OF_BETAS, NUMBER_OF_ROTATIONS
from tracker_service.wiring.models import load_body

ROOT = Path(__file__).resolve().parents[2]
_SAMPLE = ROOT / "samples" / "snow_promenade.mp4"
_HEIGHTS = (100, 200, 300)
"""Rows of the bodies that the libraries draw."""
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", nargs="?", type=Path, default=_SAMPLE, help="default: the sample")
    parser.add_argument("--before", type=Path, metavar="TREE", help="checkout to compare with")
    parser.add_argument("--runs", type=int, default=2, help="runs of each tree; the cheapest counts")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    trees = {"after": ROOT} if options.before is None else {"before": options.before.resolve(), "after": ROOT}
    report = Report("benchmarks.overlay", options.json)
    with tempfile.TemporaryDirectory() as folder:
        pictures = {name: Path(folder) / f"{name}.npz" for name in trees}
        drawn = [_drawn(name, tree, options.video, pictures[name], options.runs) for name, tree in trees.items()]
        report.add(
            "drawing",
            "Drawing and encoding the overlay, CPU milliseconds a frame on one thread",
            {
                "tree": "tree",
                "people": "people a frame",
                "ms": "drawing, ms",
                "fps": "frames/s drawn",
                "encoding_ms": "encoding, ms",
                "first_ms": "first frame, ms",
            },
            drawn,
        )
        if len(trees) > 1:
            report.add(
                "look",
                "Pictures before and after",
                {
                    "what": "what",
                    "iou": "same silhouette (IoU), mean",
                    "least_iou": "least",
                    "difference": "mean difference inside, of 255",
                    "changed": "pixels that differ by more than 16",
                },
                _looks(*pictures.values()),
            )
    runs = _whole_runs(trees, options.video, options.runs)
    report.add(
        "runs",
        "A whole run of `track`, CPU seconds",
        {
            "tree": "tree",
            "without": "without overlay",
            "with": "with overlay",
            "share": "overlay's share, %",
        },
        runs,
    )
    report.add(
        "libraries",
        "One shaded body of 100 to 300 rows, CPU milliseconds on one thread",
        {
            "library": "library",
            "wheel_mib": "more to download, MiB",
            "full_ms": "13,776 triangles, ms",
            "coarse_ms": "simplified, ms",
            "iou": "same silhouette (IoU)",
            "difference": "mean difference inside, of 255",
        },
        compared(_bodies(load_body(load_settings()))),
    )


def _drawn(name: str, tree: Path, video: Path, pictures: Path, runs: int) -> dict[str, Any]:
    """Return what drawing costs with the product of ``tree``, the cheapest of the runs."""
    command = [sys.executable, str(ROOT / "benchmarks" / "overlay" / "drawn.py"), str(video.resolve()), str(pictures)]
    environment = {**os.environ, **_ONE_THREAD, "PYTHONPATH": str(tree)}
    figures = []
    for _ in range(runs):
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=tree, env=environment)
        figures.append(json.loads(answer.stdout.splitlines()[-1]))
    best = {figure: min(run[figure] for run in figures) for figure in figures[0]}
    return {"tree": name, **best, "fps": 1000 / best["ms"]}


def _looks(before: Path, after: Path) -> list[dict[str, Any]]:
    """Compare the pictures of two trees: the whole overlay, and bodies alone on black."""
    with np.load(before) as old, np.load(after) as new:
        bodies = [(first.max(axis=2) > 0, second.max(axis=2) > 0) for first, second in _pairs(old, new, "bodies")]
        shares = [(one & other).sum() / (one | other).sum() for one, other in bodies if one.any()]
        rows: list[dict[str, Any]] = []
        for what in ("bodies", "drawn"):
            difference = np.stack([cv2.absdiff(first, second) for first, second in _pairs(old, new, what)])
            inside = np.stack([one & other for one, other in bodies])
            rows.append(
                {
                    "what": {"bodies": "bodies alone, opaque on black", "drawn": "the whole overlay"}[what],
                    "difference": float(difference[inside].mean()),
                    "changed": f"{100 * (difference.max(axis=3) > 16).mean():.2f} %",
                }
            )
    rows[0] |= {"iou": float(np.mean(shares)), "least_iou": float(np.min(shares))}
    return rows


def _pairs(old: Any, new: Any, what: str) -> list[tuple[Any, Any]]:
    return list(zip(old[what], new[what], strict=True))


def _whole_runs(trees: dict[str, Path], video: Path, runs: int) -> list[dict[str, Any]]:
    """Return CPU and wall seconds of `track` with and without the overlay, the trees and kinds taking turns."""
    measured: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for _ in range(runs):
        for name, tree in trees.items():
            for kind, option in (("without", "--no-overlay"), ("with", "--overlay")):
                measured.setdefault((name, kind), []).append(_run(tree, video, option))
    rows = []
    for name in trees:
        without, with_overlay = min(measured[name, "without"]), min(measured[name, "with"])
        rows.append(
            {
                "tree": name,
                "without": without[0],
                "with": with_overlay[0],
                "share": 100 * (1 - without[0] / with_overlay[0]),
                "wall_without": without[1],
                "wall_with": with_overlay[1],
            }
        )
    return rows


def _run(tree: Path, video: Path, option: str) -> tuple[float, float]:
    """Return CPU seconds of the process and wall seconds of the tracking."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tracker_service", "track", str(video.resolve()), "--out", folder, option]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        elapsed = json.loads((Path(folder) / "summary.json").read_bytes())["elapsed"]
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, elapsed


def _bodies(body: BodyModel) -> list[LitBody]:
    """Return upright bodies of several sizes in the middle of the libraries' window, from the front."""
    pose = np.tile(np.eye(3, dtype=np.float32), (1, NUMBER_OF_ROTATIONS, 1, 1))
    pose[0, 0] = np.diag([1.0, -1.0, -1.0])
    smpl = Smpl(pose[:, :1], pose[:, 1:], np.zeros((1, NUMBER_OF_BETAS), np.float32))
    tallness = float(np.ptp(body.v_template[:, 1]))
    result = []
    for height in _HEIGHTS:
        away = np.array([0, 0, CAMERA.focal * tallness / height])
        coarse = surface_for(body, height / tallness)
        full, thinned = body.vertices(smpl)[0] + away, body.posed(coarse, smpl)[0] + away
        result.append(
            LitBody(full, body.faces, _light(full, body.faces), thinned, coarse.faces, _light(thinned, coarse.faces))
        )
    return result


def _light(vertices: Float64, faces: Int64) -> Float64:
    return 0.5 - 0.4 * vertex_normals(vertices, faces)[:, 2]


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
