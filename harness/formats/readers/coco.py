"""COCO keypoints, by pycocotools."""

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO  # type: ignore[import-untyped]

from harness.formats.poses import Key, Pose
from tracker_service.body.joints import JOINT_INDEX


def read_coco(path: Path) -> dict[Key, Pose]:
    """Return everybody; joints that COCO does not have are not a number."""
    with redirect_stdout(StringIO()):  # it tells about its progress
        data = COCO(str(path))
    names = data.loadCats(1)[0]["keypoints"]
    found = {}
    for annotation in data.loadAnns(data.getAnnIds()):
        points = np.array(annotation["keypoints"], np.float64).reshape(-1, 3)
        pixels = np.full((len(JOINT_INDEX) - 1, 2), np.nan)
        pixels[[JOINT_INDEX[name] for name in names]] = points[:, :2]
        found[annotation["track_id"], annotation["image_id"]] = Pose(pixels=pixels)
    return found
