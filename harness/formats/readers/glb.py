"""glb, by the Khronos validator and three.js in Node."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from scipy.spatial.transform import Rotation

from harness.formats.poses import VERTEX_STEP, Key, Pose

PACKAGE = Path(__file__).resolve().parents[1] / "gltf"


@dataclass(frozen=True, slots=True)
class PlayedGlb:
    """What a file is and shows.

    Attributes:
        issues: the validator's report: ``numErrors``, ``numWarnings``, ``messages`` …
        poses: everybody at the times at which they are visible.
    """

    issues: dict[str, Any]
    poses: dict[Key, Pose]


def installed(folder: Path) -> Path:
    """Install the package into a copy in ``folder`` and return where.

    Raises:
        subprocess.CalledProcessError: the registry does not answer; ``stderr`` says why.
    """
    copy = folder / "gltf"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--prefer-offline"], cwd=copy, check=True, capture_output=True, text=True)
    return copy


def read_glb(path: Path, package: Path, times: Sequence[float]) -> PlayedGlb:
    """Validate a file and play it at the times of all frames of a video, from 0 on."""
    done = subprocess.run(
        ["node", "read.mjs", str(path.absolute()), str(VERTEX_STEP)],
        cwd=package,
        input=orjson.dumps(list(times)),
        stdout=subprocess.PIPE,
        check=True,
    )
    read = orjson.loads(done.stdout)
    found = {}
    for track_id, poses in read["people"]:
        for number, pose in enumerate(poses):
            if pose is not None:
                turns = Rotation.from_quat(pose["rotations"]).as_matrix()
                found[track_id, number] = Pose(
                    np.array(pose["joints"]), turns, vertices=np.array(pose["vertices"], np.float64)
                )
    return PlayedGlb(read["issues"], found)
