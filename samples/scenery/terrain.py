"""The ground: a groomed promenade, rolling snow, a wooded hill and the mountains behind, as one height field."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samples.light import linear
from samples.scenery.noise import Noise
from samples.surface import Surface
from tracker_service.types import Float32, Float64

_SNOW = linear(242, 243, 248)
_ROCK = linear(112, 108, 112)
_FOREST = linear(62, 82, 84)
PROMENADE = (-14.2, -9.7)
"""Far and near edge of the groomed way, z in metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """Heights of the ground; x right, z to the viewer, metres."""

    rolling: Noise
    ridges: Noise
    fine: Noise

    @classmethod
    def seeded(cls, seed: int) -> Self:
        """Return the terrain of a seed."""
        return cls(
            Noise.fractal(seed, coarsest=4, octaves=4),
            Noise.fractal(seed + 1, coarsest=4, octaves=7, persistence=0.52),
            Noise.fractal(seed + 2, coarsest=16, octaves=5, persistence=0.6),
        )

    def height(self, x: ArrayLike, z: ArrayLike) -> Float64:
        """Return the ground's height; 0 on the promenade."""
        x, z = np.asarray(x, np.float64), np.asarray(z, np.float64)
        away = np.maximum(-z, 0.0)
        bank = rises(away, -PROMENADE[0], 22.0)
        bumps = 0.10 * self.rolling.at(x, z, 24.0) * rises(away, -PROMENADE[0], 17.0)
        hill = 1.2 * rises(away, 16.0, 70.0) + 0.5 * self.rolling.at(x, z, 160.0) * rises(away, 22.0, 80.0)
        dip = -40.0 * rises(away, 110.0, 900.0)
        valley_axis = rises(np.abs(x / np.maximum(away, 1.0) + 0.02), 0.0, 0.45)
        foothills = rises(away, 900.0, 3200.0) * (110 + 90 * self.rolling.at(x, z, 5200.0)) * (0.55 + valley_axis)
        ridged = 1.0 - np.abs(self.ridges.at(x, z, 9000.0)) * 0.9
        detail = 1.0 - np.abs(self.ridges.at(z, x, 2300.0))
        peaks = (
            rises(away, 3000.0, 6500.0)
            * (310 * np.maximum(ridged, -0.2) + 70 * detail + 170)
            * (1.25 + 0.9 * valley_axis)
        )
        return np.asarray(0.25 * bank + bumps + hill + dip + foothills + peaks)

    def surface(self, columns: int = 900, rows: int = 560, towards: tuple[float, float] = (-0.62, 0.62)) -> Surface:
        """Return the ground as triangles: fine near the camera, coarse far away.

        Args:
            columns: of triangles.
            rows: of triangles.
            towards: directions between which it lies, radians from straight ahead to the right.
        """
        angles = np.linspace(*towards, columns)
        away = np.concatenate([[1.2], np.geomspace(2.2, 11000.0, rows - 1)])
        distance, angle = np.meshgrid(away, angles, indexing="ij")
        x, z = distance * np.tan(angle), -distance
        vertices = np.stack([x, self.height(x, z), z], axis=-1).reshape(-1, 3)
        grid = np.arange(rows * columns).reshape(rows, columns)
        a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
        faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
        return Surface(vertices, faces, vertices[:, :1], self._reflectance)

    def bumped(self, normals: Float32, positions: Float32) -> Float32:
        """Return normals (p, 3) with the relief that the triangles are too coarse for."""
        x, z = positions[:, 0], positions[:, 2]
        away = np.maximum(-z, 0.5)
        near = np.exp(-away / 40.0).astype(np.float32)
        groomed = self.groomed(x, z)
        soft = 0.11 * near * (1 - 0.6 * groomed)
        dx = soft * self.fine.at(x, z, 9.0) + 0.02 * near * self.fine.at(z, x, 1.7)
        dz = soft * self.fine.at(z + 3.1, x, 9.0) + 0.02 * near * self.fine.at(x + 1.3, z, 1.7)
        # A snow groomer leaves ribs a hand apart; farther away they would only shimmer.
        ribs = 0.30 * groomed * np.exp(-((away / 11.0) ** 4)) * np.sin(2 * np.pi * z / 0.11)
        dz = dz + _ski_tracks(x, z) * (1 - groomed)
        dz = dz + ribs
        far = away > 2500.0
        strength = 0.35 * rises(away[far], 2500.0, 5000.0)
        dx[far] += strength * self.ridges.at(x[far], z[far], 700.0)
        dz[far] += strength * self.ridges.at(z[far], x[far], 700.0)
        tilted = normals + np.stack([dx, np.zeros_like(dx), dz], axis=1).astype(np.float32)
        return np.asarray(tilted / np.linalg.norm(tilted, axis=1, keepdims=True), np.float32)

    def groomed(self, x: NDArray[np.floating], z: NDArray[np.floating]) -> Float64:
        """Return how much of the ground is groomed, 0 to 1."""
        wander = 0.12 * np.sin(0.9 * x) + 0.08 * np.sin(2.3 * x + 1)
        far, near = PROMENADE
        return rises(z + wander, far, far + 0.35) * (1 - rises(z + wander, near - 0.35, near))

    def _reflectance(self, _: Float32, positions: Float32) -> Float32:
        x, y, z = positions.T
        away = np.maximum(-z, 0.0)
        color = np.tile(_SNOW, (len(x), 1))
        color *= (1 - 0.07 * self.groomed(x, z) * (1 + 0.4 * self.fine.at(x, z, 2.3)))[:, None]
        far = away > 2400
        steep = self._slope(x[far], z[far]) + 0.16 * self.ridges.at(x[far], z[far], 1300.0)
        rock = rises(away[far], 2400, 3400) * rises(steep, 0.42, 0.68)
        color[far] += (_ROCK - color[far]) * rock[:, None]
        far = away > 500
        high = y[far] + 50 * self.ridges.at(x[far], z[far], 1700.0)
        trees = rises(away[far], 500, 1300) * (1 - rises(high, 40, 190)) * 0.85
        green = _FOREST * (1 + 0.25 * self.fine.at(x[far], z[far], 260.0))[:, None]
        color[far] += (green - color[far]) * trees[:, None]
        return np.asarray(np.clip(color, 0.01, 0.95), np.float32)

    def _slope(self, x: Float32, z: Float32) -> Float64:
        step = 25.0
        rise_x = self.height(x + step, z) - self.height(x - step, z)
        rise_z = self.height(x, z + step) - self.height(x, z - step)
        return np.asarray(np.hypot(rise_x, rise_z) / (2 * step))


def _ski_tracks(x: Float32, z: Float32) -> Float64:
    """Return the tilt of the snow, in z, where two skiers have crossed the slope in front."""
    tilt = np.zeros(len(x))
    for start, slope, curl in ((-7.6, 0.16, 0.0), (-7.2, -0.10, 1.4)):
        line = start + slope * x + 0.35 * np.sin(0.42 * x + curl)
        for groove in (line - 0.11, line + 0.11):
            off = (z - groove) / 0.055
            tilt += 0.55 * off * np.exp(-(off**2))
    return tilt


def rises(value: NDArray[np.floating], start: float, end: float) -> Float64:
    """Return 0 below ``start``, 1 above ``end``, and a smooth way between them."""
    t = np.clip((np.asarray(value, np.float64) - start) / (end - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
