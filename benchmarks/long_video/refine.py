"""Jitter and joint errors against the sample's truth, before and after the second pass."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from tracker_service.evaluation.poses.evaluation import evaluate_poses
from tracker_service.evaluation.poses.person_matches import JointError

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
                "seen": _errors(found.seen),
                "predicted": _errors(found.predicted),
                "matches": f"{found.seen.matches} / {found.predicted.matches}",
                "id_switches": found.id_switches,
            }
        )
    return rows


def _errors(error: JointError) -> str:
    """Return both errors in millimetres, or a dash where nobody matched."""
    if error.mpjpe is None or error.pa_mpjpe is None:
        return "-"
    return f"{1000 * error.mpjpe:.0f} / {1000 * error.pa_mpjpe:.0f}"
