"""rrd, by the library's reader of recordings."""

from pathlib import Path

import numpy as np

from harness.formats.poses import Key, Pose

_POSITIONS = "Points3D:positions"


def read_rrd(path: Path) -> dict[Key, Pose]:
    """Return everybody whose joints are logged."""
    from rerun.chunk import RrdReader  # half a second for whoever only collects tests

    found = {}
    for chunk in RrdReader(path).stream().to_chunks():
        parts = chunk.entity_path.strip("/").split("/")
        if parts[0] != "world" or parts[-1] != "joints":
            continue
        rows = chunk.to_record_batch()
        if _POSITIONS not in rows.schema.names:
            continue
        for number, points in zip(rows["frame"].to_pylist(), rows[_POSITIONS].to_pylist(), strict=True):
            if points is not None:
                found[int(parts[1].split("_")[1]), int(number)] = Pose(keypoints=np.array(points, np.float64))
    return found
