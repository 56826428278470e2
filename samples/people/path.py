"""Curves on the ground that people walk along."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline

from tracker_service.types import Float64

_SAMPLES = 2000


@dataclass(frozen=True, eq=False)
class Path:
    """A smooth curve, measured by its length.

    Attributes:
        distance: (m,) metres from the start, increasing.
        points: (m, 2) x and z on the ground, metres.
    """

    distance: Float64
    points: Float64

    @classmethod
    def through(cls, stations: Sequence[tuple[float, float]]) -> Self:
        """Return the curve through ``stations`` (x, z), with natural ends."""
        given = np.asarray(stations, np.float64)
        chords = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(given, axis=0), axis=1))])
        points = np.asarray(CubicSpline(chords, given, bc_type="natural")(np.linspace(0, chords[-1], _SAMPLES)))
        steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
        return cls(np.concatenate([[0.0], np.cumsum(steps)]), points)

    def position(self, distance: ArrayLike) -> Float64:
        """Return (..., 2) x and z; beyond the ends the curve goes on straight."""
        s = np.asarray(distance, np.float64)
        inside = np.clip(s, 0.0, self.distance[-1])
        on_curve = np.stack([np.interp(inside, self.distance, self.points[:, k]) for k in range(2)], axis=-1)
        heading = self.heading(inside)
        straight = np.stack([np.sin(heading), np.cos(heading)], axis=-1)
        return np.asarray(on_curve + (s - inside)[..., None] * straight)

    def heading(self, distance: ArrayLike) -> Float64:
        """Return the direction of travel, radians from the z axis towards the x axis."""
        s = np.clip(np.asarray(distance, np.float64), 0.0, self.distance[-1])
        return np.asarray(np.interp(s, self.distance, self._angles))

    @cached_property
    def _angles(self) -> Float64:
        """Directions of travel at the points, (n,) radians."""
        directions = np.gradient(self.points, self.distance, axis=0)
        return np.unwrap(np.arctan2(directions[:, 0], directions[:, 1]))
