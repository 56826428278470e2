"""Which sightings may start a track, and which of the doubtful ones may continue one.

A body model that is not sure whether a crop shows a person says nothing about pose and clothes. Its word, with the
detector's, decides who starts a track; a track that is known goes on with a doubtful sighting if that is where, and as
large as, the person is expected.
"""

import numpy as np

from tracker_service.phalp.cost import CostTerms, cost_factors
from tracker_service.phalp.missed_tracks import PredictedPlaces
from tracker_service.phalp.state.sightings import Sightings
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Bool, Float32, Float64

BELIEVED_PRESENCE = 0.3
"""Presence from which a body is compared by pose and clothes. Raising it compares more of them by their place only."""
SURE_PRESENCE = 0.7
"""Presence from which a low score does not matter. Raising it takes fewer boxes for people who are followed."""
_UNKNOWN_LOOKS = 2.0
"""What appearance and pose contribute to the cost of a body that is not believed: as much as they typically do for the
same person. Raising it asks for a better place."""
_MOST_SCALE = 1.25
"""Factor by which the box of a person who is not seen may grow or shrink. Raising it trusts predicted depths more."""
LEAST_OVERLAP = 0.3
"""IoU that a doubtful box must have with the expected one, wherever within its uncertainty that may be. Raising it
follows people less far through bends and jumps, and takes fewer boxes of parts of them."""


def may_start(seen: Sightings, parameters: TrackerParameters) -> Bool:
    """Return (n,) whether each sighting may start a track: `TrackerParameters.start_evidence`, or a given identity."""
    evidence = seen.score.astype(np.float64) + seen.presence
    return np.asarray((evidence >= parameters.start_evidence) | seen.annotated | (seen.identity >= 0))


def may_continue(doubtful: Sightings, parameters: TrackerParameters) -> Bool:
    """Return (n,) whether each sighting without the evidence to start a track may continue one: ``doubtful_score``."""
    sure_body = doubtful.presence >= np.float32(SURE_PRESENCE)
    return np.asarray(sure_body | (doubtful.score > np.float32(parameters.doubtful_score)))


def expected_overlap(boxes: Float32, uncertain: Float64, seen: Sightings) -> Float64:
    """Return the (n, m) IoU of each of n expected boxes with each of m sightings, within the uncertainty of the place.

    Args:
        boxes: (n, 4) where the tracks are expected: their last boxes, moved.
        uncertain: (n,) body heights within which they are, most likely.
        seen: the sightings.
    """
    return _overlaps(_shifted(boxes.astype(np.float64), seen.box, uncertain), seen.box)


def continuation_cost(
    overlap: Float64, seen: Sightings, compared: tuple[CostTerms, Float64], parameters: TrackerParameters
) -> Float64:
    """Return what it costs to continue each of n tracks with each of m doubtful sightings, (n, m); infinite for never.

    Args:
        overlap: (n, m) of the pairs, see `expected_overlap`.
        seen: the sightings.
        compared: terms and cost of all pairs, as if every body were believed.
        parameters: weights of the terms.
    """
    terms, cost = compared
    factors = cost_factors(terms, parameters)
    cost = np.where(seen.presence >= BELIEVED_PRESENCE, cost, _UNKNOWN_LOOKS * factors.location * factors.depth)
    return np.where(overlap >= LEAST_OVERLAP, cost, np.inf)


def moved_boxes(last: Sightings, expected: PredictedPlaces | Sightings) -> Float32:
    """Return the (n, 4) last boxes, moved and scaled as their crop squares are, within limits.

    The scale is that of the predicted depth, which one doubtful body throws far off; nobody grows that fast.
    """
    scale = np.clip(expected.side / last.side, 1 / _MOST_SCALE, _MOST_SCALE)[:, None]
    corners = [(last.box[:, part] - last.center) * scale + expected.center for part in (slice(0, 2), slice(2, 4))]
    return np.concatenate(corners, axis=1)


def _shifted(boxes: Float64, others: Float32, reach: Float64) -> Float64:
    """Return (n, m, 4) boxes, each shifted towards each of m others by up to its reach, in units of its longer side."""
    apart = (others[None, :, :2] + others[None, :, 2:] - boxes[:, None, :2] - boxes[:, None, 2:]) / 2
    longer = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    part = np.minimum(1, (reach * longer)[:, None] / np.maximum(np.hypot(*apart.transpose(2, 0, 1)), 1e-9))
    return np.asarray(boxes[:, None] + np.tile(apart * part[..., None], 2))


def _overlaps(boxes: Float64, others: Float32) -> Float64:
    """Return the (n, m) IoU of (n, m, 4) boxes x1 y1 x2 y2 with (m, 4) others."""
    second = others.astype(np.float64)
    sides = np.minimum(boxes[..., 2:], second[..., 2:]) - np.maximum(boxes[..., :2], second[..., :2])
    shared = np.clip(sides, 0, None).prod(axis=-1)
    areas = [(box[..., 2:] - box[..., :2]).prod(axis=-1) for box in (boxes, second)]
    return np.asarray(shared / np.maximum(areas[0] + areas[1] - shared, 1e-9))
