"""``coco.json``: the 17 keypoints of COCO in the picture, as annotations and as predictions of pose estimators.

The file is a data set (``images``, ``annotations``, ``categories``) as pycocotools loads it; the annotations have
``score`` and ``track_id`` as well, so that the list alone is one of predictions.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from tracker_service.body.joints import JOINT_INDEX
from tracker_service.results.formats.recording import Recording, shown
from tracker_service.results.partial_file import PartialFile
from tracker_service.results.records import PersonRecord

KEYPOINT_NAMES = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
"""COCO's keypoints, in its order."""
_ROWS = [JOINT_INDEX[name] for name in KEYPOINT_NAMES]
_SKELETON = (
    *((16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9), (8, 10), (9, 11)),
    *((2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7)),
)
"""COCO's limbs, as keypoints counted from 1."""
_IN_SIGHT = 0.5
"""Confidence from which a joint counts as visible (2); below it is hidden or outside the picture (1)."""


def write_coco(recording: Recording, path: Path) -> None:
    """Write the keypoints; memory does not depend on the length of the video.

    Raises:
        ResultsError: the file cannot be written.
    """
    category = {"id": 1, "name": "person", "supercategory": "person", "keypoints": KEYPOINT_NAMES}
    with PartialFile(path) as file:
        file.write(b'{"info":' + orjson.dumps({"description": "people tracked by phalp-triton"}))
        file.write(b',"categories":' + orjson.dumps([{**category, "skeleton": _SKELETON}]) + b',"images":[')
        for index, image in enumerate(_images(recording)):
            file.write((b",\n" if index else b"\n") + orjson.dumps(image))
        file.write(b'],"annotations":[')
        for index, annotation in enumerate(_annotations(recording), start=1):
            line = orjson.dumps({"id": index, **annotation}, option=orjson.OPT_SERIALIZE_NUMPY)
            file.write((b",\n" if index > 1 else b"\n") + line)
        file.write(b"]}\n")


def _images(recording: Recording) -> Iterator[dict[str, Any]]:
    for frame in recording.read():
        name = f"{frame.frame_number:06d}.jpg"
        yield {"id": frame.frame_number, "file_name": name, "width": frame.width, "height": frame.height}


def _annotations(recording: Recording) -> Iterator[dict[str, Any]]:
    for frame in recording.read():
        for person in shown(frame):
            yield {"image_id": frame.frame_number, "category_id": 1, **_annotation(person)}


def _annotation(person: PersonRecord) -> dict[str, Any]:
    points = person.keypoints_2d[_ROWS].astype(np.float64)
    confidence = np.ones(len(_ROWS)) if person.quality is None else person.quality.joint_confidence[_ROWS]
    visible = np.where(confidence >= _IN_SIGHT, 2, 1)
    return {
        "keypoints": np.column_stack([points.round(3), visible]).ravel(),
        "num_keypoints": len(_ROWS),
        "bbox": person.bbox,
        "area": float(person.bbox[2] * person.bbox[3]),
        "iscrowd": 0,
        "score": person.confidence,
        "track_id": person.track_id,
        "state": str(person.state),
    }
