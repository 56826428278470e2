"""The place of the second clip: a piste that falls to the right, with a kicker in it."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samples.light import SunMap, linear
from samples.people.path import Path
from samples.scenery.shapes import cylinder, joined
from samples.scenery.stage import Stage, lit_stage
from samples.scenery.terrain import Terrain, rises
from samples.scenery.trees import spruce
from samples.surface import Paint, Surface
from samples.view import View
from tracker_service.types import Bool, Float32, Float64

LINE = Path.through([(-23.0, -31.0), (-14.0, -24.5), (-6.0, -19.0), (2.0, -15.0), (8.0, -12.0), (12.5, -11.2)])
"""Where people ride."""
LIP = 20.0
"""Where the kicker ends, metres along the line."""
_RAMP, _RISE, _DROP = 3.4, 1.05, 1.2
"""Length of the kicker, its height, and how far behind the lip its back reaches, metres."""
_FALL = 0.24
"""How steeply the piste falls to the right."""
_WIDE = 1.05
"""Radians to either side in which there are trees."""
_TREES = 130


@dataclass(frozen=True, slots=True, eq=False)
class Slope(Terrain):
    """The ground of the second clip."""

    def height(self, x: ArrayLike, z: ArrayLike) -> Float64:
        """Return the ground's height."""
        across, along = np.asarray(x, np.float64), np.asarray(z, np.float64)
        away = np.maximum(-along, 0.0)
        fall = -_FALL * across * (1 - 0.85 * rises(away, 32.0, 140.0))
        # Slots dataclasses are made anew, which a super() without arguments does not survive.
        plain = Terrain.height(self, across, along)
        return np.asarray(plain + fall + 0.10 * np.clip(away - 10, 0, 60) + _kicker(across, along))

    def groomed(self, x: NDArray[np.floating], z: NDArray[np.floating]) -> Float64:
        """Return how much of the ground is groomed: the piste."""
        (x0, z0), (x1, z1) = LINE.position(0.0), LINE.position(LINE.distance[-1])
        along = np.array([x1 - x0, z1 - z0]) / np.hypot(x1 - x0, z1 - z0)
        off = np.abs((x - x0) * along[1] - (z - z0) * along[0]) + 0.2 * np.sin(0.7 * x)
        return np.asarray(1 - rises(off, 4.6, 5.2))


def _kicker(x: Float64, z: Float64) -> Float64:
    """Return the height of the kicker above the piste."""
    ahead, aside = kicker_coordinates(x, z)
    up = _RISE * np.clip((ahead + _RAMP) / _RAMP, 0, 1) ** 2
    back = 1 - rises(ahead, 0.0, _DROP)
    return np.asarray(up * back * (1 - rises(np.abs(aside), 1.25, 1.8)))


def kicker_coordinates(x: NDArray[np.floating], z: NDArray[np.floating]) -> tuple[Float64, Float64]:
    """Return how far points lie ahead of the lip, and to which side of the middle of the kicker, metres."""
    at, heading = _lip()
    dx, dz = np.asarray(x, np.float64) - at[0], np.asarray(z, np.float64) - at[1]
    return (
        np.asarray(dx * np.sin(heading) + dz * np.cos(heading)),
        np.asarray(dx * np.cos(heading) - dz * np.sin(heading)),
    )


@cache
def _lip() -> tuple[Float64, float]:
    """Return where the lip is, x and z, and which way the line goes there, radians."""
    return LINE.position(LIP), float(LINE.heading(LIP))


@cache
def place() -> Float64:
    """Return where the camera is: at eye height beside the piste."""
    return np.array([0.0, float(Slope.seeded(11).height(0.0, 0.0)) + 1.8, 0.0])


def build_slope(view: View) -> Stage:
    """Build and light what a view sees of the slope."""
    terrain = Slope.seeded(11)
    middle = float(np.arctan2(view.rotation[2, 0], -view.rotation[2, 2]))
    things = [*_poles(terrain), *_forest(terrain, middle)]
    sun_map = SunMap.empty((0.0, 0.0, -20.0), 84.0, 0.035)
    for thing in things:
        sun_map.cast(thing.vertices, thing.faces)
    ground = terrain.surface(columns=1100, towards=(max(middle - 0.62, -1.3), min(middle + 0.62, 1.3)))
    return lit_stage(view, terrain, ground, things, sun_map, flat=False)


def _poles(terrain: Slope) -> list[Surface]:
    """Return what marks the kicker and the edges of the piste."""
    surfaces = []
    at, heading = LINE.position(LIP - 0.2), float(LINE.heading(LIP))
    side = np.array([np.cos(heading), -np.sin(heading)])
    surfaces += [_pole(terrain, at + side * off, 1.15, linear(36, 84, 170)) for off in (-1.15, 1.15)]
    for distance in np.arange(2.0, 36.0, 4.5):
        heading = float(LINE.heading(distance))
        side = np.array([np.cos(heading), -np.sin(heading)])
        surfaces.append(_pole(terrain, LINE.position(distance) - side * 5.4, 1.5, linear(214, 74, 40)))
    return surfaces


def _pole(terrain: Slope, at: Float64, height: float, color: Float32) -> Surface:
    x, z = (float(part) for part in at)
    y = float(terrain.height(x, z))
    vertices, faces = joined(
        [
            cylinder((x, y - 0.2, z), (x, y + height * 0.7, z), 0.030, 0.028, 8),
            cylinder((x, y + height * 0.7, z), (x, y + height, z), 0.055, 0.050, 10),
        ]
    )
    return Surface(vertices, faces, vertices, _plain(color))


def _plain(color: Float32) -> Paint:
    def paint(where: Float32, _: Float32) -> Float32:
        return np.tile(color, (len(where), 1))

    return paint


def _forest(terrain: Slope, middle: float) -> list[Surface]:
    """Return the trees within 0.7 rad of a direction; each is the same, whatever else is seen."""
    random = np.random.default_rng(4)
    trees = []
    for _ in range(_TREES):
        away = float(random.uniform(27, 120) ** 1.0)
        bearing = float(random.uniform(-_WIDE, _WIDE))
        height, seed = float(random.uniform(5, 12)), int(random.integers(1 << 30))
        x, z = away * np.sin(bearing), -away * np.cos(bearing)
        if abs(bearing - middle) < 0.7 and not _near_the_line(x, z):
            base = np.array([x, float(terrain.height(x, z)) - 0.3, z])
            dense = away < 45
            trees.append(spruce(base, height, seed, whorls=30 if dense else 22, branches=10 if dense else 8))
    return trees


def _near_the_line(x: float, z: float) -> bool:
    gaps: Bool = np.linalg.norm(LINE.points - np.array([x, z]), axis=1) < 7.5
    return bool(gaps.any()) or (-z < 24 and abs(x) < 14)


def ground_frame(x: float, z: float, heading: float, length: float = 1.1) -> tuple[Float64, Float64]:
    """Return where a board of a length lies on the ground and how: its middle (3,) and its axes (3, 3), as columns.

    Args:
        x: place of its middle.
        z: place of its middle.
        heading: of its nose, radians from the z axis towards the x axis.
        length: metres between the points that carry it.
    """
    return _Ground.shared().frame(x, z, heading, length)


class _Ground:
    """The heights, made once."""

    _made: "_Ground | None" = None

    def __init__(self) -> None:
        self._terrain = Slope.seeded(11)

    @classmethod
    def shared(cls) -> "_Ground":
        if cls._made is None:
            cls._made = cls()
        return cls._made

    def frame(self, x: float, z: float, heading: float, length: float) -> tuple[Float64, Float64]:
        along = np.array([np.sin(heading), np.cos(heading)]) * length / 2
        across = np.array([np.cos(heading), -np.sin(heading)]) * 0.15
        here = np.array([x, z])
        middle, nose, tail, left, right = self._at(
            np.array([here, here + along, here - along, here + across, here - across])
        )
        side = left - right
        ahead = (nose - tail) / np.linalg.norm(nose - tail)
        up = np.cross(side, ahead)
        up /= np.linalg.norm(up)
        if up[1] < 0:
            up = -up
        middle[1] = max(middle[1], (nose[1] + tail[1]) / 2)
        return middle, np.stack([ahead, up, np.cross(ahead, up)], axis=1)

    def _at(self, places: Float64) -> Float64:
        """Return the points (n, 3) of the ground at ``places`` (n, 2): x and z."""
        x, z = places.T
        return np.stack([x, self._terrain.height(x, z), z], axis=1)
