"""csv, by the standard library."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

from harness.formats.poses import Key, Pose

LOST = "lost"


def read_long_table(path: Path) -> dict[Key, Pose]:
    """Return everybody who is not lost."""
    rows: dict[Key, list[list[float]]] = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["state"] != LOST:
                numbers = [float(row[axis]) for axis in "xyzuv"]
                rows[int(row["track_id"]), int(row["frame_number"])].append(numbers)
    arrays = {key: np.array(values) for key, values in rows.items()}
    return {key: Pose(keypoints=values[:, :3], pixels=values[:, 3:]) for key, values in arrays.items()}


def read_wide_table(path: Path) -> dict[Key, Pose]:
    """Return everybody who is not lost."""
    found = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["state"] != LOST:
                values = np.array([[float(row[name]) for name in row if name.endswith(f"_{axis}")] for axis in "xyzuv"])
                pose = Pose(keypoints=values[:3].T, pixels=values[3:].T)
                found[int(row["track_id"]), int(row["frame_number"])] = pose
    return found
