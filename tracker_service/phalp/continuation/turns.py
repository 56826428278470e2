"""Which way up a person is, where one picture leaves that in doubt: as the track was turned before."""

from dataclasses import replace

import numpy as np

from tracker_service.phalp.state.sightings import Sightings
from tracker_service.types import Float32, Float64, Int64
from tracker_service.types.phalp_vectors import TRUNK_JOINTS

_FREE = np.pi / 9
"""Radians a frame that a person may turn without being less likely: 600 degrees a second at 30 frames, more than the
spins of snowboarders."""
_WEIGHT = 0.3
"""Evidence that each further radian costs, in the units of `OtherTurns.lead`: as much as a lean in the crop costs."""


def turned_as_before(last: Sightings, seen: Sightings, others: Sightings, lead: Float32, steps: Int64) -> Sightings:
    """Return the new sightings of n people, in the other turn where the track makes that one more likely.

    Args:
        last: their last sightings.
        seen: the new ones.
        others: some people of the frame if they are turned another way up, in order of detection index.
        lead: (m,) how much better the turn in ``seen`` agrees with the picture.
        steps: (n,) frames from the last sighting to this one.
    """
    if not len(others):
        return seen
    places = np.minimum(np.searchsorted(others.detection_index, seen.detection_index), len(others) - 1)
    rows = np.flatnonzero(others.detection_index[places] == seen.detection_index)
    places = places[rows]
    before = _leans(last.joints_2d[rows])
    losses = [
        _WEIGHT * np.maximum(_apart(before, _leans(joints)) - _FREE * steps[rows], 0)
        for joints in (seen.joints_2d[rows], others.joints_2d[places])
    ]
    better = losses[0] - losses[1] > lead[places]
    rows, places = rows[better], places[better]
    chosen, result = others.take(places), seen.copy()
    kept = {name: getattr(seen, name)[rows] for name in ("identity", "annotated", "score")}
    result.overwrite(rows, replace(chosen, **kept))
    return result


def _leans(joints_2d: Float32) -> Float64:
    """Return the (n,) clockwise angles from the upward axis of the picture to mid hip → mid shoulders."""
    trunk = joints_2d[:, TRUNK_JOINTS].astype(np.float64)
    x, y = (trunk[:, :2].mean(axis=1) - trunk[:, 2:].mean(axis=1)).T
    return np.asarray(np.arctan2(x, -y), np.float64)


def _apart(first: Float64, second: Float64) -> Float64:
    return np.asarray(np.abs((second - first + np.pi) % (2 * np.pi) - np.pi), np.float64)
