"""The graph's oracle: the same for one image, from the network's heads on, step by step in numpy."""

import numpy as np

from export.lite.detector.graph import DetectorOptions, cell_centers
from export.lite.detector.nanodet import BINS
from tracker_service.types import Float32, Float64


def decode(scores: Float32, sides: Float32, options: DetectorOptions) -> tuple[Float64, Float64]:
    """Return boxes (people, 4) and scores (people,), best first, zero-padded.

    Args:
        scores: (cells,) probability of a person.
        sides: (cells, 44) logits of the distances of left, top, right, bottom.
        options: as the graph's.
    """
    candidates = np.argsort(-scores, kind="stable")[: options.candidates]
    boxes = box_of_cells(sides, options.size)[candidates]
    kept = suppress(boxes, scores[candidates].astype(np.float64), options.iou, options.floor)[: options.people]
    out_boxes, out_scores = np.zeros((options.people, 4)), np.zeros(options.people)
    out_boxes[: len(kept)], out_scores[: len(kept)] = boxes[kept], scores[candidates][kept]
    return out_boxes, out_scores


def box_of_cells(sides: Float32, size: int) -> Float64:
    """Return (cells, 4) boxes x1 y1 x2 y2: the mean of each side's distribution, in strides from the cell's centre."""
    centers, strides = cell_centers(size)
    logits = sides.reshape(-1, 4, BINS).astype(np.float64)
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    distances = (weights / weights.sum(axis=2, keepdims=True)) @ np.arange(BINS) * strides
    corners = np.concatenate([centers - distances[:, :2], centers + distances[:, 2:]], axis=1)
    return np.asarray(np.clip(corners, 0, size))


def suppress(boxes: Float64, scores: Float64, iou: float, floor: float) -> list[int]:
    """Return rows to keep, best first: greedily, what overlaps no better kept box by more than ``iou``."""
    kept: list[int] = []
    for row in np.argsort(-scores, kind="stable"):
        if scores[row] > floor and (overlaps(boxes[row], boxes[kept]) <= iou).all():
            kept.append(int(row))
    return kept


def overlaps(box: Float64, others: Float64) -> Float64:
    """Return intersection over union of one box (4,) with each of (n, 4)."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.maximum(sides, 0).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros(len(others)), where=union > 0))
