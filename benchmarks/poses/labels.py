"""People with hand-labelled joints: sports stills by the lean of the trunk, and the labelled frames of riders."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from benchmarks.riders.labels import labelled_joints, read_clips, swapped_sides
from tracker_service.body.joints import JOINT_INDEX
from tracker_service.types import Float32, Float64, UInt8

_REACH = 0.08
"""How far the box reaches beyond the joints of a still, as a part of their longer side: stills have no boxes."""


@dataclass(frozen=True, slots=True)
class LabelledPerson:
    """One person whose joints are known.

    Attributes:
        name: of the picture.
        group: which row of the table the person belongs to.
        image: (H, W, 3) uint8 RGB.
        box: (4,) x1 y1 x2 y2, pixels.
        joints: (k, 2) pixels; NaN where a joint cannot be made out.
        of_body: which of the reported joints these are: (k,) indices, or None for the riders' 13.
        sure_of_side: whether left and right are certain.
    """

    name: str
    group: str
    image: UInt8
    box: Float32
    joints: Float64
    of_body: tuple[int, ...] | None
    sure_of_side: bool

    @property
    def size(self) -> float:
        """Longer side of the box, pixels."""
        return float((self.box[2:] - self.box[:2]).max())

    def errors(self, joints_2d: Float32) -> tuple[Float64, Float64]:
        """Return the (k,) errors of a body's (45, 2) joints, as parts of the box, and those with its sides exchanged.

        Of stills the sides are not exchanged.
        """
        if self.of_body is not None:
            own = self._distances(joints_2d[list(self.of_body)].astype(np.float64))
            return own, own
        body = labelled_joints(joints_2d.astype(np.float64))
        return self._distances(body), self._distances(swapped_sides(body))

    def _distances(self, joints: Float64) -> Float64:
        return np.asarray(np.linalg.norm(joints - self.joints, axis=1) / self.size, np.float64)


def read_stills(folder: Path) -> Iterator[LabelledPerson]:
    """Yield the people of ``labels.json``: one a picture, grouped by 30° of lean."""
    for label in json.loads((folder / "labels.json").read_text()):
        picture = cv2.imread(str(folder / label["image"]))
        if picture is None:
            raise SystemExit(f"{folder / label['image']}: expected a picture, got none")
        image = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
        joints = np.array(list(label["joints"].values()), np.float64)
        of_body = tuple(_joint(name) for name in label["joints"])
        yield LabelledPerson(label["image"], _bin(label), image, _around(joints, image), joints, of_body, True)


def read_riders(folder: Path) -> Iterator[LabelledPerson]:
    """Yield the labelled frames of the clips that ``labels.json`` names."""
    for clip in read_clips(folder):
        with av.open(str(clip.video)) as container:
            for number, frame in enumerate(container.decode(video=0)):
                if (label := clip.labels.get(number)) is None:
                    continue
                image = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
                name, box = f"{label.clip} {number}", label.box.astype(np.float32)
                yield LabelledPerson(name, "riders", image, box, label.joints, None, label.sure_of_side)


def _joint(name: str) -> int:
    return JOINT_INDEX.get(f"{name}_lsp", JOINT_INDEX.get(name, -1))


def _bin(label: dict[str, Any]) -> str:
    start = min(int(abs(label["lean_degrees"]) // 30), 5) * 30
    if start == 0:
        return "0-15" if abs(label["lean_degrees"]) < 15 else "15-30"
    return f"{start}-{start + 30}"


def _around(joints: Float64, image: UInt8) -> Float32:
    low, high = joints.min(axis=0), joints.max(axis=0)
    reach = _REACH * (high - low).max()
    corners = np.clip(np.stack([low - reach, high + reach]), 0, (image.shape[1], image.shape[0]))
    return np.asarray(corners.reshape(4), np.float32)
