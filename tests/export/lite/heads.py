"""Made-up answers of the detector's network: boxes at wanted places, everything else empty."""

from collections.abc import Sequence

import numpy as np

from export.lite.detector.graph import cell_centers
from export.lite.detector.nanodet import BINS
from tracker_service.types import Float32

Box = tuple[float, float, float, float]


def heads_with(people: Sequence[tuple[Box, float]], size: int = 416) -> tuple[Float32, Float32]:
    """Return cell scores (1, cells, 1) and sides (1, cells, 44) that say: a person in each box, with that score.

    The cell on the coarsest map that holds the box's centre and is still free speaks for it.
    """
    centers, strides = cell_centers(size)
    scores = np.full((1, len(centers), 1), 0.001, np.float32)
    sides = np.full((1, len(centers), 4, BINS), -20, np.float32)
    taken: set[int] = set()
    for box, score in people:
        middle = (np.array(box[:2]) + box[2:]) / 2
        order = np.argsort(np.abs(centers - middle).max(axis=1) - strides[:, 0])
        cell = next(int(i) for i in order if i not in taken and _reaches(box, centers[i], float(strides[i, 0])))
        taken.add(cell)
        scores[0, cell, 0] = score
        distances = np.concatenate([centers[cell] - box[:2], box[2:] - centers[cell]]) / strides[cell]
        for side, distance in enumerate(distances):
            low = min(int(distance), BINS - 2)
            share = max(float(distance) - low, 1e-9)
            sides[0, cell, side, [low, low + 1]] = np.log([max(1 - share, 1e-9), share])
    return scores, sides.reshape(1, len(centers), 4 * BINS)


def _reaches(box: Box, center: Float32, stride: float) -> bool:
    distances = np.concatenate([center - box[:2], box[2:] - center]) / stride
    return bool((distances >= 0).all() and (distances <= BINS - 1).all())
