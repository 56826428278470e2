"""Clips of one rider each, some of whose frames were labelled by hand."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from tracker_service.body.joints import JOINT_INDEX
from tracker_service.types import Float64

LABELLED_NAMES = {
    "ls": "left_shoulder",
    "rs": "right_shoulder",
    "le": "left_elbow",
    "re": "right_elbow",
    "lw": "left_wrist",
    "rw": "right_wrist",
    "lh": "left_hip",
    "rh": "right_hip",
    "lk": "left_knee",
    "rk": "right_knee",
    "la": "left_ankle",
    "ra": "right_ankle",
}
"""Labelled joints of trunk and limbs, and their names among `JOINT_NAMES`."""
HEAD = "head"
"""The middle of the head, labelled between the ears."""
LABELLED_JOINTS = (HEAD, *LABELLED_NAMES)
_SWAPPED = [0, *(1 + (place ^ 1) for place in range(len(LABELLED_NAMES)))]


@dataclass(frozen=True, slots=True)
class LabelledFrame:
    """The rider of one frame.

    Attributes:
        clip: name of the clip, its file without the suffix.
        frame_number: from 0.
        box: (4,) x1 y1 x2 y2, pixels.
        joints: (13, 2) pixels, in the order of `LABELLED_JOINTS`; NaN where a joint cannot be made out.
        sure_of_side: whether left and right are certain.
    """

    clip: str
    frame_number: int
    box: Float64
    joints: Float64
    sure_of_side: bool

    @property
    def size(self) -> float:
        """Longer side of the box, pixels."""
        return float((self.box[2:] - self.box[:2]).max())

    @classmethod
    def of(cls, label: dict[str, Any]) -> Self:
        """Read one entry of ``labels.json``."""
        joints = np.full((len(LABELLED_JOINTS), 2), np.nan)
        for name, place in label["joints"].items():
            joints[LABELLED_JOINTS.index(name)] = place
        return cls(label["clip"], label["frame"], np.array(label["box"], np.float64), joints, bool(label["lr"]))


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip and its labelled frames by number."""

    video: Path
    labels: dict[int, LabelledFrame]


def read_clips(folder: Path) -> list[Clip]:
    """Return the clips that ``labels.json`` of ``folder`` names; empty where the folder has none."""
    file = folder / "labels.json"
    if not file.is_file():
        return []
    frames = [LabelledFrame.of(label) for label in json.loads(file.read_text())]
    videos = {path.stem: path for path in sorted(folder.iterdir()) if path != file}
    clips = sorted({frame.clip for frame in frames} & set(videos))
    return [Clip(videos[name], {frame.frame_number: frame for frame in frames if frame.clip == name}) for name in clips]


def labelled_joints(joints_2d: Float64) -> Float64:
    """Return the (13, 2) joints of a body with (45, 2) joints in the order of `LABELLED_JOINTS`."""
    head = (joints_2d[JOINT_INDEX["left_ear"]] + joints_2d[JOINT_INDEX["right_ear"]]) / 2
    return np.stack([head, *(joints_2d[JOINT_INDEX[name]] for name in LABELLED_NAMES.values())])


def swapped_sides(joints: Float64) -> Float64:
    """Return (13, 2) joints with left and right exchanged."""
    return joints[_SWAPPED]
