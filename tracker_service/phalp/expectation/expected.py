"""Which missed people are worth looking for once more, and where."""

import numpy as np

from tracker_service.phalp.missed_tracks import PredictedPlaces, visible_part
from tracker_service.phalp.state.sightings import Sightings
from tracker_service.types import Bool, ExpectedPeople, Float32, Int64
from tracker_service.types.phalp_vectors import LOCATION_DEPTH

_HIDDEN = 0.6
"""Part of an expected box that nearer people cover from which nobody is looked for in it: what is found there is mostly
the person in front. Raising it looks further into occlusion and picks up more of those."""


def expected_people(
    track_id: Int64,
    misses: Int64,
    expected: PredictedPlaces,
    boxes: Float32,
    seen: Sightings,
    frame_size: tuple[int, int],
    least_visible: float,
) -> ExpectedPeople:
    """Return the missed people whose expected box is neither outside the frame nor hidden by a nearer person.

    Args:
        track_id: (n,) identities of the missed tracks.
        misses: (n,) frames since their last sighting.
        expected: where they are predicted in this frame.
        boxes: (n, 4) where they are expected: their last boxes, moved. Those of the predicted bodies depend on poses.
        seen: the people seen in this frame.
        frame_size: width and height in pixels.
        least_visible: part of the expected box that must lie in the frame.
    """
    inside = np.array([visible_part(box, frame_size) >= least_visible for box in boxes], np.bool_)
    rows = np.flatnonzero(inside & ~_hidden(expected, boxes, seen))
    return ExpectedPeople(track_id[rows], boxes[rows], misses[rows], expected.roll[rows])


def _hidden(expected: PredictedPlaces, boxes: Float32, seen: Sightings) -> Bool:
    """Return (n,) whether one nearer person covers most of the expected box."""
    nearer = seen.location[:, LOCATION_DEPTH] < expected.depth[:, None]
    covered = _covered_parts(boxes, seen.box) > _HIDDEN
    return np.asarray((nearer & covered).any(axis=1))


def _covered_parts(boxes: Float32, others: Float32) -> Float32:
    """Return the (n, m) part of each of n boxes that each of m others covers."""
    first, second = boxes[:, None], others[None]
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    areas = np.clip(boxes[:, 2:] - boxes[:, :2], 1e-6, None).prod(axis=-1)
    covered: Float32 = np.clip(sides, 0, None).prod(axis=-1) / areas[:, None]
    return covered
