"""Overlap of boxes."""

import numpy as np

from tracker_service.types import Float64

LEAST_OVERLAP = 0.5
"""Smallest overlap (IoU) of a box with the true one of the same person. Raising it asks for tighter boxes."""


def pairwise_iou(first: Float64, second: Float64) -> Float64:
    """Return the (n, m) intersection over union of (n, 4) with (m, 4) boxes, all x y width height.

    Boxes without area overlap with nothing.
    """
    first_end, second_end = first[:, :2] + first[:, 2:], second[:, :2] + second[:, 2:]
    start = np.maximum(first[:, None, :2], second[None, :, :2])
    end = np.minimum(first_end[:, None], second_end[None])
    intersection = np.clip(end - start, 0, None).prod(axis=2)
    union = first[:, 2:].prod(axis=1)[:, None] + second[:, 2:].prod(axis=1)[None] - intersection
    overlap: Float64 = np.divide(intersection, union, out=np.zeros_like(intersection), where=union > 0)
    return overlap
