"""Which of the boxes near an expected place is the person who is looked for."""

from dataclasses import dataclass

import numpy as np

from tracker_service.people.boxes import overlaps
from tracker_service.types import Bool, Detections, Float32, Float64

_DISTANCE_WEIGHT, _SIZE_WEIGHT = 0.6, 0.3
"""What a distance of one box, and a size that differs by a factor of e, cost in units of the score."""
_SAME_PERSON = 0.5
"""IoU above which two boxes are one person's."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far from the expected box somebody may be found.

    Attributes:
        distance: between the centres, as a part of the expected box's longer side.
        ratio: of the longer sides, either way.
        factor: on the distance, for frames in which the person was missed.
    """

    distance: float
    ratio: float
    factor: float = 1.0


def best_box(found: Detections, expected: Float32, reach: Reach) -> tuple[int, float] | None:
    """Return the row of the best box within reach and its value; None where there is none.

    The value is the score, less what distance (in units of the factor) and a different size cost.

    Args:
        found: the boxes, in the frame.
        expected: (4,) box.
        reach: how far from it.
    """
    if not len(found):
        return None
    center, size = _centers_and_sizes(expected[None])
    centers, sizes = _centers_and_sizes(found.boxes)
    distance = np.linalg.norm(centers - center, axis=1) / size
    change = np.abs(np.log(sizes / size))
    within = (distance < reach.distance * reach.factor) & (change < np.log(reach.ratio))
    # Half a box is far in the first missed frame, not in the tenth.
    value = found.scores - _DISTANCE_WEIGHT * distance / reach.factor - _SIZE_WEIGHT * change
    best = int(np.where(within, value, -np.inf).argmax())
    return (best, float(value[best])) if within[best] else None


def of_people(found: Detections, seen: Float32) -> Bool:
    """Return (n,) which boxes are those of people who were seen without looking again, ``seen`` (m, 4)."""
    return np.asarray((overlaps(found.boxes, seen) > _SAME_PERSON).any(axis=1))


def without_rivals(boxes: Float32, values: Float64) -> list[int]:
    """Return the rows of ``boxes`` (n, 4) to keep: of several that are one person's, the one of the highest value."""
    kept: list[int] = []
    for row in np.argsort(-values, kind="stable").tolist():
        if not (overlaps(boxes[[row]], boxes[kept]) > _SAME_PERSON).any():
            kept.append(row)
    return sorted(kept)


def _centers_and_sizes(boxes: Float32) -> tuple[Float64, Float64]:
    """Return centres (n, 2) and longer sides (n,), at least a pixel."""
    corners = boxes.astype(np.float64)
    sizes = np.maximum((corners[:, 2:] - corners[:, :2]).max(axis=1), 1)
    return (corners[:, :2] + corners[:, 2:]) / 2, sizes
