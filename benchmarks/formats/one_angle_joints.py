"""What ``mot`` leaves out: knees, elbows and ankles have one angle there."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from tracker_service.body.joints import SMPL_JOINT_NAMES
from tracker_service.results.ndjson import read_results
from tracker_service.results.result_files import RESULTS

_HINGES = {"knee": 0, "ankle": 0, "elbow": 1}
"""The axis about which a joint bends at rest: across the body, at the elbow upright."""


def one_angle_joints(results: Path) -> list[dict[str, Any]]:
    """Return how far knees, elbows and ankles are turned about the axes that ``mot`` leaves out, degrees."""
    found: dict[str, list[float]] = {}
    for frame in read_results(results / RESULTS):
        for person in frame.persons:
            for joint, axis in _HINGES.items():
                rows = [SMPL_JOINT_NAMES.index(f"{side}_{joint}") - 1 for side in ("left", "right")]
                vectors = Rotation.from_matrix(person.body_pose[rows].astype(np.float64)).as_rotvec(degrees=True)
                found.setdefault(joint, []).extend(np.linalg.norm(np.delete(vectors, axis, axis=1), axis=1).tolist())
    return [
        {"joint": joint, "median": float(np.median(values)), "most": max(values)} for joint, values in found.items()
    ]
