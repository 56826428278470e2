"""How far a person may be from where a track expects them.

The error of a prediction grows in proportion to the frames since the last sighting: measured on walkers and on filmed
snowboarders, 1 to 45 frames ahead, nine in ten errors are below the track's own recent error of one frame times the
number of frames (median 0.4 to 0.6 of it).
"""

import numpy as np

from tracker_service.types import Float32, Float64, Int64
from tracker_service.types.phalp_vectors import FOCAL_OVER_SIZE, LOCATION_DEPTH, LOCATION_POSITION

FIRST_ERROR = 0.05
"""Error of one frame that is assumed of a new track, body heights. Raising it gives up young tracks sooner."""
_MEMORY = 0.8
"""Weight of what was known in a new mean. Raising it steadies the uncertainty, which follows sudden motion later."""
_BODY_HEIGHT = 1.7
"""Metres; heights in the image follow from it and the depth."""


def errors(predicted: Float64, seen: Float32, steps: Int64) -> Float64:
    """Return (n, k) squared errors of k predictions for each of n people, per frame ahead, in body heights squared.

    Args:
        predicted: (n, k, 2) predicted positions in the padded square frame.
        seen: (n, 99) location vectors of the sightings.
        steps: (n,) frames from the sighting before to this one.
    """
    height = FOCAL_OVER_SIZE * _BODY_HEIGHT / seen[:, LOCATION_DEPTH].astype(np.float64)
    apart = predicted - seen[:, None, LOCATION_POSITION]
    return np.asarray(np.square(apart).sum(axis=-1) / np.square(height * steps)[:, None])


def updated(mean_squares: Float64, new: Float64) -> Float64:
    """Return the moving averages of squared errors after one more."""
    return _MEMORY * mean_squares + (1 - _MEMORY) * new


def uncertainty(mean_squares: Float64, steps: Int64) -> Float64:
    """Return (n,) body heights within which nine in ten people are of where they are expected.

    Args:
        mean_squares: (n, k) mean squared errors of k ways to predict; the better one counts.
        steps: (n,) frames since the last sighting.
    """
    return np.asarray(np.sqrt(mean_squares.min(axis=1)) * steps)
