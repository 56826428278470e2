"""trc and mot, read as OpenSim's documentation describes them; the angles put together again by SciPy."""

import re
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from harness.formats.poses import Key, Pose
from tracker_service.types import Float64


def read_trc(folder: Path, first_frames: dict[int, int]) -> dict[Key, Pose]:
    """Return everybody in the frames in which there are markers."""
    found = {}
    for path in folder.glob("person_*.trc"):
        track_id = int(re.findall(r"\d+", path.stem)[-1])
        lines = path.read_text().split("\n")
        head = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=True))
        names = [name for name in lines[3].split("\t")[2:] if name]
        rows = [line.split("\t") for line in lines[6:] if line]
        if (len(rows), len(names)) != (int(head["NumFrames"]), int(head["NumMarkers"])):
            raise ValueError(f"{path.name}: expected as many rows and markers as its head says")
        for row in rows:
            if any(row[2:]):
                markers = np.array(row[2:], np.float64).reshape(-1, 3) / {"mm": 1000, "m": 1}[head["Units"]]
                found[track_id, first_frames[track_id] + int(row[0]) - 1] = Pose(keypoints=markers)
    return found


def read_mot(path: Path) -> dict[str, Float64]:
    """Return the columns of a file by name."""
    head, _, table = path.read_text().partition("endheader\n")
    names, *lines = table.splitlines()
    rows = np.array([line.split("\t") for line in lines], np.float64)
    stated = dict(line.split("=") for line in head.splitlines() if "=" in line)
    if (stated["nRows"], stated["nColumns"]) != (str(rows.shape[0]), str(rows.shape[1])):
        raise ValueError(f"{path.name}: expected as many rows and columns as its head says")
    return dict(zip(names.split("\t"), rows.T, strict=True))


def turns_of(columns: dict[str, Float64]) -> dict[str, Float64]:
    """Return (T, 3, 3) rotations of SMPL's joints that have three angles, in the axes of exported files.

    ``pelvis`` is in space, ``*_hip`` relative to it, ``spine`` and ``*_arm`` are products of several joints.
    """
    body = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    down = Rotation.from_euler("x", -90, degrees=True)

    def turned(*names: str, mirrored: bool = False) -> Rotation:
        angles = np.stack([columns[name] for name in names], axis=1)
        return Rotation.from_euler("ZXY", angles * ([1, -1, -1] if mirrored else [1, 1, 1]), degrees=True)

    def smpl(rotation: Rotation) -> Float64:
        return np.asarray(body.T @ rotation.as_matrix() @ body, np.float64)

    found = {
        "pelvis": turned("pelvis_tilt", "pelvis_list", "pelvis_rotation").as_matrix() @ body,
        "spine": smpl(turned("lumbar_extension", "lumbar_bending", "lumbar_rotation")),
    }
    for side, mirrored in (("r", False), ("l", True)):
        name = {"r": "right", "l": "left"}[side]
        hip = turned(*(f"hip_{part}_{side}" for part in ("flexion", "adduction", "rotation")), mirrored=mirrored)
        arm = turned(*(f"arm_{part}_{side}" for part in ("flex", "add", "rot")), mirrored=mirrored)
        found[f"{name}_hip"] = smpl(hip)
        found[f"{name}_arm"] = smpl(arm * (down if mirrored else down.inv()))
    return found
