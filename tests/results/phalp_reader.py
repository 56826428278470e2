"""A reader of PHALP's results file by its documentation alone: numpy, joblib, and nothing of this project.

``python phalp_reader.py tracks.pkl`` prints the people of every frame as JSON and fails where the layout is another.
"""

import json
import sys
from typing import Any

import joblib
import numpy as np

PARALLEL = {
    "bbox": (4,),
    "center": (2,),
    "camera": (3,),
    "camera_bbox": (3,),
    "3d_joints": (45, 3),
    "2d_joints": (90,),
    "loca": (99,),
    "pose": (229,),
}
"""Lists of arrays, one for each id in ``tid``, and the shape of the arrays."""
BODY = {"global_orient": (1, 3, 3), "body_pose": (23, 3, 3), "betas": (10,)}


def read(path: str) -> list[dict[str, Any]]:
    """Return the frames in their order."""
    return [_frame(name, frame) for name, frame in joblib.load(path).items()]


def _frame(name: str, frame: dict[str, Any]) -> dict[str, Any]:
    assert frame["frame_path"] == name
    ids = [int(each) for each in frame["tid"]]
    people = [_person(frame, position, track) for position, track in enumerate(ids)]
    for key in (*PARALLEL, "smpl", "mask", "size", "scale", "conf", "tracked_time", "img_name", "appe"):
        assert len(frame[key]) == len(ids), key
    seen = [person for person in people if person["age"] == 0]
    assert [int(each) for each in frame["tracked_ids"]] == [person["id"] for person in seen]
    assert [_sum(box) for box in frame["tracked_bbox"]] == [person["bbox"] for person in seen]
    return {"name": name, "time": int(frame["time"]), "shot": int(frame["shot"]), "people": people}


def _person(frame: dict[str, Any], position: int, track: int) -> dict[str, Any]:
    arrays = {key: np.asarray(frame[key][position]) for key in PARALLEL}
    body = {key: np.asarray(frame["smpl"][position][key]) for key in BODY}
    assert {key: value.shape for key, value in arrays.items()} == PARALLEL
    assert {key: value.shape for key, value in body.items()} == BODY
    assert {value.dtype.kind for value in (*arrays.values(), *body.values())} == {"f"}
    assert int(frame["class_name"][position]) == 0
    assert set(frame["mask"][position][0]) == {"size", "counts"}
    sums = {key: _sum(value) for key, value in {**arrays, **body}.items()}
    return {"id": track, "age": int(frame["tracked_time"][position]), "score": float(frame["conf"][position]), **sums}


def _sum(values: Any) -> float:
    return float(np.asarray(values, np.float64).sum())


if __name__ == "__main__":
    json.dump({"numpy": np.__version__, "joblib": joblib.__version__, "frames": read(sys.argv[1])}, sys.stdout)
