"""Spruces under snow."""

import numpy as np

from samples.light import linear
from samples.scenery.shapes import cylinder
from samples.surface import Surface
from tracker_service.types import Float32, Float64, Int64

_NEEDLES = linear(48, 74, 58)
_YOUNG_NEEDLES = linear(78, 104, 72)
_SNOW = linear(240, 242, 248)
_BARK = linear(88, 70, 58)


def spruce(
    base: Float64,
    height: float,
    seed: int,
    *,
    whorls: int = 24,
    branches: int = 9,
    snow: float = 0.5,
    slender: float = 0.22,
) -> Surface:
    """Return a spruce.

    Args:
        base: (3,) where it stands, metres.
        height: metres.
        seed: of its irregularities.
        whorls: rings of branches; raising it makes the tree denser.
        branches: in a ring.
        snow: share of the branches under snow, 0 to 1.
        slender: radius of the lowest ring as a share of the height.
    """
    random = np.random.default_rng(seed)
    vertices, faces, where = [], [], []
    count = 0
    for level in np.linspace(0.05, 0.985, whorls):
        for number in range(branches if level < 0.85 else max(4, branches - 3)):
            azimuth = 2 * np.pi * (number + random.uniform(-0.35, 0.35)) / branches + level * 11
            reach = height * slender * (1 - level) ** 0.85 * random.uniform(0.78, 1.12) + 0.012 * height
            points, triangles, coordinates = _branch(reach, azimuth, random, snow)
            vertices.append(points + base + np.array([0.0, level * height, 0.0]))
            faces.append(triangles + count)
            where.append(coordinates)
            count += len(points)
    trunk, trunk_faces = cylinder(base, base + np.array([0, height * 0.9, 0]), height * 0.014, height * 0.003, 7)
    vertices.append(trunk)
    faces.append(trunk_faces + count)
    where.append(np.full((len(trunk), 2), -1.0))
    return Surface(
        np.concatenate(vertices),
        np.concatenate(faces),
        np.concatenate(where),
        _reflectance,
        smooth=True,
        two_sided=True,
    )


def _branch(reach: float, azimuth: float, random: np.random.Generator, snow: float) -> tuple[Float64, Int64, Float64]:
    """Return a drooping, serrated blade: vertices, faces and (place along it, snow on it)."""
    steps = 7
    t = np.linspace(0.0, 1.0, steps)
    droop = random.uniform(0.32, 0.55)
    along = reach * t
    rise = reach * (0.16 * t - droop * t**2)
    width = 0.21 * reach * np.sin(np.pi * np.clip(t * 0.86 + 0.10, 0, 1)) * random.uniform(0.85, 1.2)
    # Every other pair of side twigs is short, which makes the edge ragged.
    width = width * np.where(np.arange(steps) % 2 == 0, 0.62, 1.15)
    sag = rise - 0.30 * width
    middle = np.stack([along, rise, np.zeros(steps)], axis=1)
    left = np.stack([along + 0.35 * width, sag, width], axis=1)
    right = np.stack([along + 0.35 * width, sag, -width], axis=1)
    points = np.concatenate([middle, left, right])
    points[:, 1] += random.normal(0, 0.012 * reach, len(points))
    cosine, sine = np.cos(azimuth), np.sin(azimuth)
    turned = np.stack(
        [points[:, 0] * cosine - points[:, 2] * sine, points[:, 1], points[:, 0] * sine + points[:, 2] * cosine], axis=1
    )
    k = np.arange(steps - 1)
    middle_row, left_row, right_row = k, k + steps, k + 2 * steps
    faces = np.concatenate(
        [
            np.stack([middle_row, left_row, middle_row + 1], 1),
            np.stack([left_row, left_row + 1, middle_row + 1], 1),
            np.stack([middle_row, middle_row + 1, right_row], 1),
            np.stack([right_row, middle_row + 1, right_row + 1], 1),
        ]
    )
    loaded = np.clip(snow + random.normal(0, 0.25), 0, 1)
    on_it = np.concatenate([np.full(steps, loaded * 1.35), np.full(2 * steps, loaded * 0.45)])
    return turned, faces, np.stack([np.tile(t, 3), on_it + random.normal(0, 0.1, 3 * steps)], axis=1)


def _reflectance(where: Float32, _: Float32) -> Float32:
    along, snow = where[:, :1], where[:, 1:]
    color = _NEEDLES + (_YOUNG_NEEDLES - _NEEDLES) * np.clip(along, 0, 1) ** 2
    # Deep inside the crown little light arrives.
    color = color * (0.35 + 0.65 * np.clip(along * 1.6, 0, 1))
    color = color + (_SNOW - color) * np.clip((snow - 0.42) / 0.2, 0, 1) * np.clip(along * 3, 0, 1)
    return np.asarray(np.where(along < 0, _BARK, color), np.float32)
