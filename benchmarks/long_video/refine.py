"""Jitter and joint errors against the sample's truth, before and after the second pass."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from tracker_service.evaluation.pose_evaluation import evaluate_poses

_SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def refinement_rows(folder: Path) -> list[dict[str, Any]]:
    """Track the sample without and with ``--refine`` and score both."""
    rows = []
    for option in ("--no-refine", "--refine"):
        out = folder / option.strip("-")
        command = [sys.executable, "-m", "tracker_service", "track", str(_SAMPLES / "snow_promenade.mp4")]
        subprocess.run([*command, "--out", str(out), "--no-overlay", option], check=True, capture_output=True)
        found = evaluate_poses(out / "results.ndjson", _SAMPLES / "ground_truth.npz")
        rows.append(
            {
                "option": option,
                "jitter": found.jitter.found,
                "true_jitter": found.jitter.true,
                "seen": {"mpjpe": found.seen.mpjpe, "pa_mpjpe": found.seen.pa_mpjpe, "matches": found.seen.matches},
                "predicted": {
                    "mpjpe": found.predicted.mpjpe,
                    "pa_mpjpe": found.predicted.pa_mpjpe,
                    "matches": found.predicted.matches,
                },
                "id_switches": sum(person.id_switches for person in found.people),
            }
        )
    return rows
