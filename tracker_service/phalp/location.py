"""Where a track will be: PHALP's ridge regression of position and log depth over the last sightings, in closed form.

A ridge fit with an unpenalised intercept on the columns (1, t) is a line through the mean whose slope is
``Sty / (Stt + a)``; all tracks are fitted at once. Upstream: ``forward_for_tracking`` in
``phalp/trackers/PHALP.py``.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from scipy.special import stdtrit

from tracker_service.types import Bool, Float32, Float64, Int64
from tracker_service.types.phalp_vectors import FOCAL_OVER_SIZE

_RIDGE = np.array([1.2, 2.0, 5.0])
_LONGEST_HORIZON = 49
_LARGEST_DEPTH_RATIO = 2.0


@dataclass(frozen=True, slots=True)
class LocationPrediction:
    """Predicted location of n tracks.

    Attributes:
        position: (n, 2) float64, (u, v) of the model origin in the padded square frame, [0, 1] inside it.
        camera: (n, 3) float64, camera translation in metres, consistent with ``position``.
        spread: (n, 3) float64, half width of the 95 % prediction interval of u and v, and its exponential for log
            depth, each divided by the track's number of repeated sightings.
    """

    position: Float64
    camera: Float64
    spread: Float64

    def sample(self) -> Float64:
        """Return (n, 8): position, camera and spread, as `LOCATION_SAMPLE` of a location vector has them."""
        return np.concatenate([self.position, self.camera, self.spread], axis=1)

    def take(self, rows: Int64) -> Self:
        """Return only ``rows``."""
        return type(self)(self.position[rows], self.camera[rows], self.spread[rows])

    def replaced(self, rows: Bool, other: Self) -> Self:
        """Return this with the marked rows of ``other``."""
        mask = rows[:, None]
        return type(self)(
            np.where(mask, other.position, self.position),
            np.where(mask, other.camera, self.camera),
            np.where(mask, other.spread, self.spread),
        )


def predict_location(
    history_time: Int64,
    history_location: Float32,
    steps: Int64,
    *,
    damping: float = 1.0,
    share_spread: bool = True,
    degenerate_spread: float = 0.0,
) -> LocationPrediction:
    """Extrapolate every track to ``steps`` frames after its last sighting.

    Args:
        history_time: (n, h) frame numbers of the last h sightings, oldest first; a young track repeats its first one.
        history_location: (n, h, 3) u, v and depth of those sightings; the depth is positive.
        steps: (n,) frames from the last sighting to the wanted frame, at least 1.
        damping: factor on the velocity per step after the first. Raising it extrapolates further; at 1 the motion is
            straight for 49 steps and stops there (PHALP). Below 1 the depth changes at most by a factor of two.
        share_spread: divide the spreads by the number of repeated sightings, as PHALP does except for distance types
            EQ_020 and EQ_021.
        degenerate_spread: interval of a track whose sightings all have the same time. PHALP divides 0 by 0 there.

    Returns:
        The prediction, in float64.
    """
    times = history_time.astype(np.float64)
    series = history_location.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        series[:, :, 2] = np.log(series[:, :, 2])
    mean_time = times.mean(axis=1, keepdims=True)
    offset = times - mean_time
    mean = series.mean(axis=1, keepdims=True)
    deviation = series - mean
    variation = np.einsum("nh,nh->n", offset, offset)
    slope = np.einsum("nh,nhk->nk", offset, deviation) / (variation[:, None] + _RIDGE)
    horizon = np.minimum(steps, _LONGEST_HORIZON).astype(np.float64)
    ahead = times[:, -1] - mean_time[:, 0]
    predicted = mean[:, 0] + slope * (ahead + damped_steps(horizon, damping))[:, None]
    if damping < 1:
        limit = np.log(_LARGEST_DEPTH_RATIO)
        last = series[:, -1, 2]
        predicted[:, 2] = np.clip(predicted[:, 2], last - limit, last + limit)
    residual = deviation - slope[:, None, :] * offset[:, :, None]
    spread = _interval(residual, variation, ahead + horizon, degenerate_spread)
    with np.errstate(over="ignore", invalid="ignore"):
        depth = np.exp(predicted[:, 2])
        spread[:, 2] = np.exp(spread[:, 2])
    if share_spread:
        spread /= 1 + np.count_nonzero(history_time[:, 1:] == history_time[:, :-1], axis=1)[:, None]
    position = predicted[:, :2]
    across = (position - 0.5) * (depth / FOCAL_OVER_SIZE)[:, None]
    return LocationPrediction(position, np.concatenate([across, depth[:, None]], axis=1), spread)


def damped_steps(steps: Float64, damping: float) -> Float64:
    """Return how many undamped steps ``steps`` damped ones are worth: 1 + d + d² and so on."""
    if damping == 1:
        return steps
    return np.asarray((1 - damping**steps) / (1 - damping))


def _interval(residual: Float64, variation: Float64, ahead: Float64, degenerate: float) -> Float64:
    """Half width of the 95 % prediction interval, (n, 3); PHALP leaves the ridge out of it."""
    length = residual.shape[1]
    deviation = np.sqrt(np.einsum("nhk,nhk->nk", residual, residual) / (length - 2))
    still = variation == 0
    leverage = np.sqrt(1 + 1 / length + ahead**2 / np.where(still, 1.0, variation))
    interval = _student_quantile(length - 2) * deviation * leverage[:, None]
    interval[still] = degenerate
    return np.asarray(interval)


@lru_cache
def _student_quantile(freedom: int) -> float:
    return float(stdtrit(freedom, 0.975))
