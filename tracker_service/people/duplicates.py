"""Several boxes on one person: which to drop.

A detector's non-maximum suppression compares boxes, and lets a box on a torso and one on the whole body stand as two
people. The body model tells them apart: crops of the same person give the same joints. Bodies are compared by COCO's
object keypoint similarity (OKS), boxes by overlap and by how much of the smaller one lies in the other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker_service.body.joints import BODY_25_SIZE
from tracker_service.errors import SettingsError
from tracker_service.types import Bool, Float64, People

_TOLERANCE = 0.1
"""Distance at which a joint's similarity falls to exp(-1/2), as a part of the larger body's extent in the image."""


@dataclass(frozen=True, slots=True)
class DuplicateGate:
    """Thresholds above which the lower-scored of two detections is a duplicate; 1 switches a criterion off.

    Attributes:
        body_similarity: OKS of the two bodies. Raising it keeps more boxes on one person, and more people whose body
            was mistaken for the one in front of them.
        containment: part of the smaller box that lies in the larger. Raising it keeps more boxes on parts of a person,
            and more people who are seen in front of or behind someone larger.
    """

    body_similarity: float = 0.5
    containment: float = 0.75

    def __post_init__(self) -> None:
        for name in ("body_similarity", "containment"):
            if not 0 < getattr(self, name) <= 1:
                raise SettingsError(f"{name}: expected a number in (0, 1], got {getattr(self, name)}")

    def keep(self, people: People) -> Bool:
        """Return (n,) bool, False for the duplicates among people of whom the best come first."""
        boxes = people.detections.boxes
        same = (body_similarities(people.joints_2d) > self.body_similarity) | (
            containments(boxes, boxes) > self.containment
        )
        keep = np.ones(len(people), np.bool_)
        for index in range(1, len(people)):
            keep[index] = not (same[index, :index] & keep[:index]).any()
        return keep


def body_similarities(joints_2d: NDArray[np.floating]) -> Float64:
    """Return the (n, n) OKS of bodies with (n, >= 25, 2) joints in pixels; 1 for equal bodies, near 0 for far ones."""
    joints = joints_2d[:, :BODY_25_SIZE].astype(np.float64)
    extents = np.ptp(joints, axis=1).max(axis=-1) if len(joints) else np.zeros(0)
    reach = _TOLERANCE * np.maximum(extents[:, None], extents[None, :])
    squared = np.square(joints[:, None] - joints[None, :]).sum(axis=-1)
    similarity: Float64 = np.exp(-squared / (2 * np.maximum(reach, 1e-9) ** 2)[..., None]).mean(axis=-1)
    return similarity


def containments(boxes: NDArray[np.floating], others: NDArray[np.floating]) -> Float64:
    """Return the (n, m) intersections of boxes x1 y1 x2 y2 as a part of the smaller of the two; 0 without area."""
    first, second = boxes.astype(np.float64)[:, None], others.astype(np.float64)[None, :]
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    shared = np.clip(sides, 0, None).prod(axis=-1)
    smaller = np.minimum((first[..., 2:] - first[..., :2]).prod(-1), (second[..., 2:] - second[..., :2]).prod(-1))
    part: Float64 = np.divide(shared, smaller, out=np.zeros_like(shared), where=smaller > 0)
    return part
