"""Which detection continues which track: the assignment of least total cost, with a threshold.

Upstream: ``phalp/external/deep_sort_/linear_assignment.py``.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from tracker_service.types import Float64, Int64

_JUST_ABOVE = 1e-5
_CERTAIN = -1e6


@dataclass(frozen=True, slots=True)
class Association:
    """Outcome of one association.

    Attributes:
        cost: (tracks, detections) costs it was decided on, before clipping.
        matches: (m, 2) int64, (track row, detection row), in order of track rows.
        unmatched_tracks: track rows without a detection, ascending.
        unmatched_detections: detection rows without a track, in the order in which new identities are given: first
            those the assignment left over, then those whose match cost too much.
    """

    cost: Float64
    matches: Int64
    unmatched_tracks: Int64
    unmatched_detections: Int64


def associate(cost: Float64, threshold: float) -> Association:
    """Assign detections to tracks at the least total cost.

    Args:
        cost: (tracks, detections) costs; NaN never matches. Ties are decided by SciPy for this orientation.
        threshold: highest cost of a match. Raising it matches people further from their prediction.

    Returns:
        Matches and what is left over on both sides.
    """
    if 0 in cost.shape:
        return _from_pairs(cost, np.zeros((0, 2), np.int64), np.arange(cost.shape[1]))
    clipped = np.where(cost <= threshold, cost, threshold + _JUST_ABOVE)
    rows, columns = linear_sum_assignment(clipped)
    accepted = clipped[rows, columns] <= threshold
    never_assigned = np.ones(cost.shape[1], np.bool_)
    never_assigned[columns] = False
    left_over = np.concatenate([np.flatnonzero(never_assigned), columns[~accepted]])
    return _from_pairs(cost, np.array([rows, columns]).T[accepted], left_over)


def associate_identities(cost: Float64, track_identity: Int64, detection_identity: Int64) -> Association:
    """Match every track with every detection of the same identity, as PHALP's ``use_gt`` does.

    The cost is only passed on. A track or detection occurs in several matches where identities repeat.
    """
    equal = track_identity[:, None] == detection_identity
    left_over = np.flatnonzero(~equal.any(axis=0))
    return _from_pairs(cost, np.argwhere(equal), left_over)


def with_identities(cost: Float64, track_identity: Int64, detection_identity: Int64) -> Float64:
    """Return the cost with given identities (-1: unknown) imposed: equal ones always match, different ones never."""
    known = (track_identity[:, None] >= 0) & (detection_identity >= 0)
    equal = track_identity[:, None] == detection_identity
    return np.where(known, np.where(equal, _CERTAIN, np.inf), cost)


def rounds(matches: Int64) -> Iterator[Int64]:
    """Yield rows and columns of (m, 2) matches, (2, k), such that no track occurs twice at a time.

    The matches are in order of their tracks. More than one round only happens with repeated given identities and
    ``compat="upstream"``.
    """
    while len(matches):
        if (matches[1:, 0] > matches[:-1, 0]).all():
            yield matches.T
            return
        first = np.unique(matches[:, 0], return_index=True)[1]
        yield matches[first].T
        matches = np.delete(matches, first, axis=0)


def _from_pairs(cost: Float64, matches: Int64, unmatched_detections: Int64) -> Association:
    unmatched = np.ones(len(cost), np.bool_)
    unmatched[matches[:, 0]] = False
    return Association(cost, matches, np.flatnonzero(unmatched), unmatched_detections)
