"""The plane under a person, and which foot is on it.

A slope is no floor: the plane goes through where the feet were, and along the way the person took. A foot that glides
with its person is on it and moves; one that is brought forward past the hips is not. Whoever is well above the plane is
in the air, but nobody flies long.
"""

import math
from dataclasses import dataclass

import numpy as np

from tracker_service.camera.world.turning import length
from tracker_service.types import Float64

_AIR = 0.30
"""Metres above the plane from which on somebody is more likely in the air: what depth and pose leave uncertain."""
_AIR_SOFTNESS = 0.08
_UNSURE = 1.0
"""How many standard deviations of their height people must be higher for that."""
_LIFTED = 0.07
"""Metres by which a foot is higher than the other when it is more likely lifted than standing."""
_LIFTED_SOFTNESS = 0.02
_SWINGS = 0.4
"""Metres per second by which a foot goes ahead of the hips when it is more likely swung forward than standing: a foot
that stands falls behind them, one that glides stays below them."""
_SWINGS_SOFTNESS = 0.12
_LONGEST_FLIGHT = 1.5
"""Seconds after which somebody above the plane stands on other ground."""
_FOLLOWS = 0.3
"""Share by which the plane comes nearer to the feet in a frame; raising it forgets the past sooner."""
_SMOOTHING = 0.7
"""Seconds over which the direction of travel is averaged."""
_WALKS = 0.7
"""Metres per second above which the way somebody takes says how the ground slopes."""


@dataclass(frozen=True, slots=True, eq=False)
class GroundState:
    """The plane under a person.

    Attributes:
        point: (3,) on it.
        travel: (3,) smoothed velocity along it, metres per second.
        above: seconds that the person has been above it.
        feet: (2, 4, 3) points of the feet from the hips, where they were last.
    """

    point: Float64
    travel: Float64
    above: float
    feet: Float64

    def normal(self, up: Float64) -> Float64:
        """Return the (3,) unit normal of the plane, as far as the way taken says it; level across that way."""
        speed = length(self.travel)
        if speed < _WALKS:
            return up
        along = self.travel / speed
        across = up - along * (up @ along)
        return np.asarray(across / max(length(across), 1e-9), np.float64)


def lowest_point(feet: Float64, up: Float64) -> Float64:
    """Return the (3,) lowest of the (2, 4, 3) points of the feet."""
    points = feet.reshape(-1, 3)
    return np.asarray(points[int(np.argmin(points @ up))], np.float64)


def stood_on(
    state: GroundState | None,
    root: Float64,
    reach: Float64,
    velocity: Float64,
    up: Float64,
    seconds: float,
    covariance: Float64 | None = None,
) -> tuple[GroundState, Float64]:
    """Return the plane after another frame, and how likely each foot is on it, (2,).

    Args:
        state: the plane before; None for somebody seen first, who is taken to stand.
        root: (3,) the hips.
        reach: (2, 4, 3) points of the left and the right foot, from the hips.
        velocity: (3,) of the person.
        up: (3,) unit vector.
        seconds: since the frame before.
        covariance: (3, 3) of one frame's place: nobody flies for being seen nearer or farther than before; None for an
            exact place.
    """
    feet = root + reach
    if state is None:
        state = GroundState(lowest_point(feet, up), np.zeros(3), 0.0, reach)
    normal = state.normal(up)
    heights = ((feet - state.point) @ normal).min(axis=1)
    lowest = float(heights.min())
    unsure = 0.0 if covariance is None else math.sqrt(max(float(normal @ covariance @ normal), 0.0))
    supported = _likely(_AIR + _UNSURE * unsure - lowest, _AIR_SOFTNESS)
    low = np.array([_likely(_LIFTED - (h - lowest), _LIFTED_SOFTNESS) for h in heights.tolist()])
    contacts = supported * low * _standing(state, reach, seconds)
    above = state.above + seconds if supported < 0.5 else 0.0
    if 0 < above < _LONGEST_FLIGHT:
        return GroundState(state.point, state.travel, above, reach), contacts
    share = 1.0 if above else _FOLLOWS
    point = state.point + normal * (lowest * share)
    # The plane is named by a point near the person: far from it, its slope would lift it away.
    under = lowest_point(feet, up)
    point = under - normal * ((under - point) @ normal)
    weight = 1 - math.exp(-seconds / _SMOOTHING)
    return GroundState(point, state.travel + weight * (velocity - state.travel), 0.0, reach), contacts


def _standing(state: GroundState, reach: Float64, seconds: float) -> Float64:
    """Return how likely each foot is not swung forward, (2,)."""
    speed = length(state.travel)
    if speed < _WALKS or seconds <= 0:
        return np.ones(2)
    # While the heel or the toes stand, the rest of the foot may move already.
    ahead = ((reach - state.feet) @ (state.travel / speed) / seconds).min(axis=1)
    return np.array([_likely(_SWINGS - one, _SWINGS_SOFTNESS) for one in ahead.tolist()])


def _likely(margin: float, softness: float) -> float:
    return 1 / (1 + math.exp(-min(max(margin / softness, -40.0), 40.0)))
