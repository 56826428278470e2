"""Who was followed under which id, frame by frame: the matching that MOTA and id switches are counted on.

CLEAR: Bernardin and Stiefelhagen 2008, as TrackEval reads it (``trackeval/metrics/clear.py``): a pair of the frame
before is kept while it overlaps enough, the others are matched for the largest overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from tracker_service.evaluation.box_overlap import LEAST_OVERLAP
from tracker_service.evaluation.mot_metrics import FramePair
from tracker_service.types import Int64

ABSENT, MISSED = -1, 0
_CONTINUITY = 1000.0
"""Larger than any overlap."""


@dataclass(frozen=True, slots=True)
class ClearMatches:
    """The matches of a video of T frames with n people in the ground truth.

    Attributes:
        truth_ids: (n,) int64, ascending.
        matched: (T, n) int64, the matched id, `MISSED`, or `ABSENT` where the person is not in the frame.
        false: (T,) int64, people of the results who match nobody.
    """

    truth_ids: Int64
    matched: Int64
    false: Int64

    @classmethod
    def of(cls, pairs: Sequence[FramePair], *, iou: float = LEAST_OVERLAP) -> "ClearMatches":
        """Match each frame; ``iou`` is the smallest overlap of a match."""
        truth_ids = np.unique(np.concatenate([np.zeros(0, np.int64), *(pair.truth_ids for pair in pairs)]))
        matched = np.full((len(pairs), len(truth_ids)), ABSENT, np.int64)
        false = np.zeros(len(pairs), np.int64)
        before: dict[int, int] = {}
        for number, pair in enumerate(pairs):
            before = _match(pair, before, iou)
            columns = np.searchsorted(truth_ids, pair.truth_ids)
            matched[number, columns] = [before.get(truth_id, MISSED) for truth_id in pair.truth_ids.tolist()]
            false[number] = len(pair.result_ids) - len(before)
        return cls(truth_ids, matched, false)

    def switches(self, person: int) -> Int64:
        """Return the frames in which the id of a person, by position, is another one than when last matched."""
        frames = np.flatnonzero(self.matched[:, person] > MISSED)
        ids = self.matched[frames, person]
        switches: Int64 = frames[1:][ids[1:] != ids[:-1]]
        return switches


def _match(pair: FramePair, before: dict[int, int], iou: float) -> dict[int, int]:
    """Return the matched id of each person of the truth who is matched in this frame."""
    allowed = pair.overlap >= iou - np.finfo(float).eps
    last = np.array([before.get(truth_id, MISSED) for truth_id in pair.truth_ids.tolist()], np.int64)
    same = last[:, None] == pair.result_ids[None]
    preference = np.where(allowed, pair.overlap + _CONTINUITY * same, 0.0)
    rows, columns = linear_sum_assignment(-preference)
    return {
        int(pair.truth_ids[row]): int(pair.result_ids[column])
        for row, column in zip(rows, columns, strict=True)
        if preference[row, column] > 0
    }
