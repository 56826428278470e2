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
_STEPS = 7
"""Points along a branch."""


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
    levels, azimuths, drawn, noise = [], [], [], []
    for level in np.linspace(0.05, 0.985, whorls):
        for number in range(branches if level < 0.85 else max(4, branches - 3)):
            levels.append(level)
            drawn.append(random.random(4))
            noise.append(random.standard_normal(6 * _STEPS + 1))
            azimuths.append(2 * np.pi * (number + _between(-0.35, 0.35, drawn[-1][0])) / branches + level * 11)
    level, chances = np.array(levels), np.array(drawn).T
    reach = height * slender * (1 - level) ** 0.85 * _between(0.78, 1.12, chances[1]) + 0.012 * height
    points, where = _branches(reach, np.array(azimuths), chances[2:], np.array(noise), snow)
    points += base + level[:, None, None] * np.array([0.0, height, 0.0])
    vertices, faces, coordinates = [points.reshape(-1, 3)], [_triangles(len(level))], [where.reshape(-1, 2)]
    count = points.shape[0] * points.shape[1]
    trunk, trunk_faces = cylinder(base, base + np.array([0, height * 0.9, 0]), height * 0.014, height * 0.003, 7)
    vertices.append(trunk)
    faces.append(trunk_faces + count)
    coordinates.append(np.full((len(trunk), 2), -1.0))
    return Surface(
        np.concatenate(vertices),
        np.concatenate(faces),
        np.concatenate(coordinates),
        _reflectance,
        smooth=True,
        two_sided=True,
    )


def _branches(
    reach: Float64, azimuth: Float64, chances: Float64, noise: Float64, snow: float
) -> tuple[Float64, Float64]:
    """Return b drooping, serrated blades: (b, 21, 3) points, and (b, 21, 2) place along the blade and snow on it.

    Args:
        reach: (b,) lengths, metres.
        azimuth: (b,) directions, radians.
        chances: (2, b) random numbers from 0 to 1.
        noise: (b, 43) random numbers of mean 0 and deviation 1.
        snow: as in `spruce`.
    """
    t = np.linspace(0.0, 1.0, _STEPS)
    droop, reach = _between(0.32, 0.55, chances[0])[:, None], reach[:, None]
    along = reach * t
    rise = reach * (0.16 * t - droop * t**2)
    width = 0.21 * reach * np.sin(np.pi * np.clip(t * 0.86 + 0.10, 0, 1)) * _between(0.85, 1.2, chances[1])[:, None]
    # Every other pair of side twigs is short, which makes the edge ragged.
    width = width * np.where(np.arange(_STEPS) % 2 == 0, 0.62, 1.15)
    sag = rise - 0.30 * width
    side = along + 0.35 * width
    x, y = np.concatenate([along, side, side], axis=1), np.concatenate([rise, sag, sag], axis=1)
    z = np.concatenate([np.zeros_like(width), width, -width], axis=1)
    y += 0.012 * reach * noise[:, : 3 * _STEPS]
    cosine, sine = np.cos(azimuth)[:, None], np.sin(azimuth)[:, None]
    turned = np.stack([x * cosine - z * sine, y, x * sine + z * cosine], axis=2)
    loaded = np.clip(snow + 0.25 * noise[:, 3 * _STEPS], 0, 1)[:, None]
    on_it = loaded * np.repeat([1.35, 0.45, 0.45], _STEPS) + 0.1 * noise[:, 3 * _STEPS + 1 :]
    return turned, np.stack([np.broadcast_to(np.tile(t, 3), on_it.shape), on_it], axis=2)


def _triangles(branches: int) -> Int64:
    """Return the faces of blades whose points follow each other: the middle, the left edge, the right edge."""
    middle = np.arange(_STEPS - 1)
    left, right = middle + _STEPS, middle + 2 * _STEPS
    faces = np.concatenate(
        [
            np.stack([middle, left, middle + 1], 1),
            np.stack([left, left + 1, middle + 1], 1),
            np.stack([middle, middle + 1, right], 1),
            np.stack([right, middle + 1, right + 1], 1),
        ]
    )
    return np.asarray(np.arange(branches)[:, None, None] * 3 * _STEPS + faces).reshape(-1, 3)


def _between(low: float, high: float, chance: Float64) -> Float64:
    return low + (high - low) * chance


def _reflectance(where: Float32, _: Float32) -> Float32:
    along, snow = where[:, :1], where[:, 1:]
    color = _NEEDLES + (_YOUNG_NEEDLES - _NEEDLES) * np.clip(along, 0, 1) ** 2
    # Deep inside the crown little light arrives.
    color = color * (0.35 + 0.65 * np.clip(along * 1.6, 0, 1))
    color = color + (_SNOW - color) * np.clip((snow - 0.42) / 0.2, 0, 1) * np.clip(along * 3, 0, 1)
    return np.asarray(np.where(along < 0, _BARK, color), np.float32)
