"""The graph's oracle: the same for one image, from the network's heads on, step by step in numpy."""

from collections.abc import Mapping

import numpy as np

from export.lite.detector.reference import suppress
from export.lite.finder.graph import (
    KEYPOINT_FLOOR,
    PEAK_TOLERANCE,
    PEAK_WINDOW,
    SPREAD,
    FinderOptions,
)
from export.lite.finder.movenet import CELLS, KEYPOINTS, STRIDE
from tracker_service.types import Float32, Float64


def decode(heads: Mapping[str, Float32], options: FinderOptions) -> tuple[Float64, Float64]:
    """Return boxes (people, 4) and scores (people,), best first, zero-padded.

    Args:
        heads: of one image, by the names of `HEADS`, without the batch side.
        options: as the graph's.
    """
    center = _sigmoid(heads["center"][0])
    peaks = np.where(center - _highest_around(center) > -PEAK_TOLERANCE, center, 0)
    cells = np.argsort(-peaks.ravel(), kind="stable")[: options.people]
    boxes, scores = np.zeros((len(cells), 4)), np.zeros(len(cells))
    for number, (row, column) in enumerate(zip(*np.unravel_index(cells, center.shape), strict=True)):
        low, high = _corners(heads, row, column)
        boxes[number] = np.concatenate([low[::-1], high[::-1]]) * STRIDE
        scores[number] = peaks[row, column] * _keypoint_score(heads, row, column, low, high)
    kept = suppress(boxes, scores, options.iou, options.floor)
    out_boxes, out_scores = np.zeros((options.people, 4)), np.zeros(options.people)
    out_boxes[: len(kept)], out_scores[: len(kept)] = boxes[kept], scores[kept]
    return out_boxes, out_scores


def _sigmoid(logits: Float32) -> Float64:
    return np.asarray(1 / (1 + np.exp(-logits.astype(np.float64))))


def _highest_around(center: Float64) -> Float64:
    reach = PEAK_WINDOW // 2
    padded = np.pad(center, reach, constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (PEAK_WINDOW, PEAK_WINDOW))
    return np.asarray(windows.max(axis=(2, 3)))


def _corners(heads: Mapping[str, Float32], row: int, column: int) -> tuple[Float64, Float64]:
    """Return the corners y x of the box of a centre, in cells."""
    middle = np.array([row, column]) + heads["box_offset"][:, row, column].astype(np.float64)
    half = np.maximum(heads["box_scale"][:, row, column], 0) / 2
    return np.clip(middle - half, 0, CELLS), np.clip(middle + half, 0, CELLS)


def _keypoint_score(heads: Mapping[str, Float32], row: int, column: int, low: Float64, high: Float64) -> float:
    """Return the mean score of the keypoints that are seen inside the box, 0 where none is."""
    rows, columns = np.mgrid[:CELLS, :CELLS]
    inside = (rows >= low[0]) & (rows < high[0]) & (columns >= low[1]) & (columns < high[1])
    seen = []
    for keypoint in range(KEYPOINTS):
        y, x = heads["regressions"][2 * keypoint : 2 * keypoint + 2, row, column] + np.array([row, column])
        near = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / SPREAD)
        best = float((_sigmoid(heads["heatmaps"][keypoint]) * near * inside).max())
        if best > KEYPOINT_FLOOR:
            seen.append(best)
    return sum(seen) / max(len(seen), 1)
