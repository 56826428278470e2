"""How well people are followed and posed: ``python -m benchmarks.quality [--footage VIDEO TRUTH.txt] [--json FILE]``.

Tracks the sample, whose truth is exact, and any footage with a MOT truth, each as a user would, with the default
settings; then scores the results as ``python -m tracker_service evaluate`` does.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.clips import SAMPLE
from harness.tables import Report, add_json_option
from tracker_service.evaluation.poses.evaluation import PoseEvaluation, evaluate_poses
from tracker_service.evaluation.poses.person_matches import JointError
from tracker_service.evaluation.track_evaluation import evaluate

_SAMPLE_BOXES, _SAMPLE_POSES = SAMPLE.with_name("gt.txt"), SAMPLE.with_name("ground_truth.npz")
_JUDGED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("everybody, predicted people included", {}),
    ("predicted for up to 3 frames", {"minimum_tracking_confidence": 0.85}),
    ("seen people only", {"include_predicted": False}),
)
_TRACKING = {
    "video": "video",
    "judged": "judged",
    "mota": "MOTA",
    "idf1": "IDF1",
    "hota": "HOTA",
    "id_switches": "id switches",
}
_POSES = {"state": "people", "matches": "matches", "mpjpe": "MPJPE, mm", "pa_mpjpe": "PA-MPJPE, mm"}
_PEOPLE = {
    "person": "person",
    "found": "frames found",
    "frames": "frames in the picture",
    "coverage": "coverage, %",
    "identities": "identities",
    "pa_mpjpe": "PA-MPJPE, mm",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", nargs=2, action="append", default=[], metavar=("VIDEO", "TRUTH"), type=Path)
    add_json_option(parser)
    options = parser.parse_args(arguments)
    report = Report("benchmarks.quality", options.json, arguments)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        sample = _track(SAMPLE, Path(folder) / "sample")
        rows += _scores(SAMPLE, sample, _SAMPLE_BOXES)
        for number, (video, truth) in enumerate(options.footage):
            rows += _scores(video, _track(video, Path(folder) / str(number)), truth)
        poses = evaluate_poses(sample, _SAMPLE_POSES)
    report.add("tracking", "People followed, against the truth's boxes", _TRACKING, rows)
    report.add("people", "The people of the sample", _PEOPLE, _people(poses))
    report.add("poses", "Joint errors on the sample, 14 joints", _POSES, _errors(poses))


def _track(video: Path, out: Path) -> Path:
    """Track ``video`` with the default settings; return its results."""
    command = [sys.executable, "-m", "tracker_service", "track", str(video), "--out", str(out), "--no-overlay"]
    subprocess.run(command, check=True, capture_output=True)
    return out / "results.ndjson"


def _scores(video: Path, results: Path, truth: Path) -> list[dict[str, Any]]:
    rows = []
    for judged, people in _JUDGED:
        found = evaluate(results, truth, **people)
        rows.append(
            {
                "video": video.stem,
                "judged": judged,
                "mota": found.mota,
                "idf1": found.idf1,
                "hota": found.hota,
                "id_switches": found.id_switches,
            }
        )
    return rows


def _people(poses: PoseEvaluation) -> list[dict[str, Any]]:
    return [
        {
            "person": person.truth_id,
            "found": person.matched,
            "frames": person.frames,
            "coverage": 100 * person.coverage,
            "identities": len(person.track_ids),
            "pa_mpjpe": _millimetres(person.error.pa_mpjpe),
        }
        for person in poses.people
    ]


def _errors(poses: PoseEvaluation) -> list[dict[str, Any]]:
    return [_error("seen", poses.seen), _error("predicted", poses.predicted)]


def _error(state: str, error: JointError) -> dict[str, Any]:
    return {
        "state": state,
        "matches": error.matches,
        "mpjpe": _millimetres(error.mpjpe),
        "pa_mpjpe": _millimetres(error.pa_mpjpe),
    }


def _millimetres(metres: float | None) -> float | None:
    return None if metres is None else 1000 * metres


if __name__ == "__main__":
    main()
