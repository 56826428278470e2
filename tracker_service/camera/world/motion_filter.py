"""A person's place and velocity, filtered: a Kalman filter with a random acceleration (Bar-Shalom et al. 2001)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tracker_service.camera.world.turning import length
from tracker_service.types import Float64

_ACCELERATION = 6.0
"""Standard deviation of a person's acceleration, m/s²: walking stays below 3, flying is 9.8. Raising it follows sooner
and smooths less."""
_SPEED = 4.0
"""Standard deviation of the velocity of somebody who has just been seen first, m/s."""
_ASIDE = 0.06
"""Standard deviation of the hips' place across the ray, metres at the person."""
_SAME = np.eye(3)


@dataclass(frozen=True, slots=True, eq=False)
class MotionState:
    """What is known of a person's place.

    Attributes:
        mean: (6,) place and velocity, metres and metres per second.
        covariance: (6, 6).
    """

    mean: Float64
    covariance: Float64


def begun(place: Float64, depth: float) -> MotionState:
    """Return the state of somebody seen first, (3,) from the camera; ``depth`` as in `seen_again`."""
    covariance = np.zeros((6, 6))
    covariance[:3, :3] = noise(place, depth)
    covariance[3:, 3:] = np.eye(3) * _SPEED**2
    return MotionState(np.concatenate([place, np.zeros(3)]), covariance)


def moved_on(state: MotionState, seconds: float) -> MotionState:
    """Return what is known ``seconds`` later."""
    step, spread = _passing(seconds)
    return MotionState(step @ state.mean, step @ state.covariance @ step.T + spread)


@lru_cache(maxsize=16)
def _passing(seconds: float) -> tuple[Float64, Float64]:
    """Return the (6, 6) step that time makes and the (6, 6) covariance that it adds, the same for all of a frame."""
    step = np.eye(6)
    step[:3, 3:] = _SAME * seconds
    gain = np.concatenate([_SAME * seconds**2 / 2, _SAME * seconds])
    return step, gain @ gain.T * _ACCELERATION**2


def seen_again(state: MotionState, place: Float64, depth: float) -> MotionState:
    """Return what is known once somebody has been seen.

    Args:
        state: what was known.
        place: (3,) where.
        depth: standard deviation of the distance in this frame, as a share of it.
    """
    spread = state.covariance[:3, :3] + noise(place, depth)
    gain = np.linalg.solve(spread, state.covariance[:3]).T
    mean = state.mean + gain @ (place - state.mean[:3])
    covariance = state.covariance - gain @ state.covariance[:3]
    return MotionState(mean, (covariance + covariance.T) / 2)


def noise(place: Float64, depth: float) -> Float64:
    """Return the (3, 3) covariance of a place: long along the ray to it, short across."""
    distance = max(length(place), 1e-6)
    ray = place / distance
    along = ray[:, None] * ray
    return np.asarray(along * (depth * distance) ** 2 + (_SAME - along) * _ASIDE**2, np.float64)
