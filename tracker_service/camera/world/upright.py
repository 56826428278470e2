"""Which way is up: as the first camera was held, corrected by people who stand."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.camera.world.turning import length
from tracker_service.types import Float64

_HELD = 25.0
"""How many sightings of standing people the way the camera was held counts for."""
_STANDS = 0.88
"""Straightness of the legs from which on somebody stands."""
_PLAUSIBLE = np.cos(np.radians(35))
"""Who leans farther from the vertical than this says nothing about it."""
_LASTING = np.radians([3.0, 1.5])
"""Standard deviations of pitch and roll that do not go away: people lean with the slope and with their speed, and the
body model sees how far they lean to the side better than how far they lean ahead."""
_AT_FIRST = np.radians([8.0, 4.0])
"""The same of how a camera is held, before anybody has been seen: it is aimed up or down, but held level across."""


@dataclass(frozen=True, slots=True, eq=False)
class Upright:
    """What is known of the vertical, in the axes of the first camera.

    Attributes:
        total: (3,) weighted sum of directions.
        count: sightings in it.
    """

    total: Float64
    count: float

    @classmethod
    def as_held(cls) -> Self:
        """Return the vertical of a camera that is held level."""
        return cls(np.array([0.0, -_HELD, 0.0]), 0.0)

    @property
    def up(self) -> Float64:
        """The (3,) unit vector."""
        return np.asarray(self.total / length(self.total), np.float64)

    @property
    def deviation(self) -> Float64:
        """(2,) standard deviations of pitch and roll of the first camera, radians."""
        return np.asarray(np.hypot(_LASTING, _AT_FIRST / np.sqrt(1 + self.count / _HELD)), np.float64)

    def with_standing(self, trunk: Float64, stands: float) -> "Upright":
        """Return the vertical after somebody was seen whose (3,) trunk and straightness of the legs are given."""
        if stands < _STANDS or trunk @ self.up < _PLAUSIBLE:
            return self
        return Upright(self.total + trunk, self.count + 1)
