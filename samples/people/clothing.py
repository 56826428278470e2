"""Winter clothes: how thick they lie on the body and what colour they have at each point of it.

Points of the body are named by where they lie on the mean body in its rest pose (arms out along x, facing +z, y up), so
that seams stay where they are sewn, whatever the shape and the pose.
"""

from dataclasses import dataclass

import numpy as np

from samples.light import linear
from samples.people.leg import SOLE
from tracker_service.types import Bool, Float32, Float64

# Heights and reaches of the mean body in its rest pose, metres.
_BOOT_TOP = -0.79
_HEM = -0.075
_COLLAR_TOP = 0.56
_HEAD = 0.555
_CUFF = 0.69
_EYES = 0.685


@dataclass(frozen=True, slots=True, eq=False)
class Outfit:
    """Reflectance (3,) of each piece.

    Attributes:
        jacket: the body of the jacket.
        yoke: its shoulders and the upper sleeves.
        accent: zip, hem and cuffs.
        trousers, boots, gloves: what they are called.
        hat: the hat.
        hat_band: the band around the hat.
        hair: below the hat.
        skin: of the face.
        goggles: lens on the face, or None.
    """

    jacket: Float32
    yoke: Float32
    accent: Float32
    trousers: Float32
    boots: Float32
    gloves: Float32
    hat: Float32
    hat_band: Float32
    hair: Float32
    skin: Float32
    goggles: Float32 | None = None

    def thickness(self, where: Float64) -> Float64:
        """Return (V,) metres that the clothes stand off the body at rest points (V, 3)."""
        x, y = np.abs(where[:, 0]), where[:, 1]
        jacket = 0.026 + 0.008 * np.abs(np.cos(np.pi * y / _QUILT)) ** 0.5
        # The hem stands off, the trousers fall over the boots.
        hem = 0.012 * _rises(-y, 0.0, -_HEM)
        trousers = 0.012 + 0.016 * _rises(-y, 0.35, 0.78)
        result = np.where(y > _HEM, jacket + hem, trousers)
        result = np.where(y < _BOOT_TOP, 0.016, result)
        result = np.where(x > _CUFF, 0.010, np.where(x > 0.25, jacket - 0.006, result))
        neck = (x < 0.12) & (y > 0.50)
        result = np.where(neck, 0.024, result)
        result = np.where(neck & (y > _COLLAR_TOP), 0.0, result)
        result = np.where(_covers_scalp(where), 0.020, result)
        if self.goggles is not None:
            result = np.where(_covers_eyes(where), 0.014, result)
        return np.asarray(result)

    def reflectance(self, where: Float32, _: Float32) -> Float32:
        """Return (p, 3) colours of rest points (p, 3)."""
        x, y, z = np.abs(where[:, 0]), where[:, 1], where[:, 2]
        color = np.tile(self.skin, (len(where), 1))
        _fill(color, y < _COLLAR_TOP, self.jacket)
        yoke = (y > 0.33) & (x < 0.42) & (y < _COLLAR_TOP)
        _fill(color, yoke, self.yoke)
        _fill(color, (np.abs(y - 0.325) < 0.012) & (x < 0.3), self.accent)
        _fill(color, (np.abs(x - 0.42) < 0.012) & (y > 0.3), self.accent)
        _fill(color, (x < 0.008) & (z > 0) & (y < _COLLAR_TOP), self.accent)
        _fill(color, (np.abs(y - _HEM - 0.02) < 0.02) & (x < 0.3), self.accent)
        _fill(color, (np.abs(x - _CUFF + 0.02) < 0.02) & (y > 0.3), self.accent)
        on_jacket = (y > _HEM) & (y < 0.5) & (x < _CUFF - 0.05)
        off_seam = np.mod(np.where(x > 0.22, x, y) + _QUILT / 2, _QUILT) - _QUILT / 2
        color *= 1 - 0.30 * (np.exp(-((off_seam / 0.007) ** 2)) * on_jacket)[:, None]
        _fill(color, (y < _HEM) & (x < 0.4), self.trousers)
        _fill(color, y < _BOOT_TOP, self.boots)
        _fill(color, y < -1.0, self.boots * 0.35)
        _fill(color, (x > _CUFF) & (y > 0.3), self.gloves)
        self._paint_head(color, where)
        return color

    def _paint_head(self, color: Float32, where: Float32) -> None:
        x, y, z = where[:, 0], where[:, 1], where[:, 2]
        head = (y > _COLLAR_TOP) & (np.abs(x) < 0.12)
        ears_back = head & (z < 0.045) & (y < 0.74)
        _fill(color, ears_back & ((np.abs(x) < 0.078) | (z < 0.0)), self.hair)
        mouth = head & (z > 0.1) & (np.abs(x) < 0.022) & (np.abs(y - 0.605) < 0.005)
        _fill(color, mouth, self.skin * np.array([0.75, 0.42, 0.42], np.float32))
        for side in (-1, 1):
            eye = ((x - side * 0.031) / 0.013) ** 2 + ((y - _EYES) / 0.006) ** 2 < 1
            _fill(color, head & eye & (z > 0.08), np.array([0.02, 0.015, 0.012], np.float32))
            brow = ((x - side * 0.033) / 0.02) ** 2 + ((y - _EYES - 0.020) / 0.004) ** 2 < 1
            _fill(color, head & brow & (z > 0.08), self.hair * 0.8)
        scalp = _covers_scalp(where)
        _fill(color, scalp, self.hat)
        above = _above_brim(where)
        _fill(color, scalp & ((above < 0.032) | (np.abs(above - 0.06) < 0.006)), self.hat_band)
        if self.goggles is not None:
            eyes = _covers_eyes(where)
            glass = eyes & (z > 0.09)
            _fill(color, eyes, linear(30, 30, 34))
            _fill(color, glass & (np.abs(y - _EYES - 0.002) < 0.017), self.goggles)


_QUILT = 0.075
"""Distance of the seams of a down jacket, metres."""


def dressed(rest: Float64, normals: Float64, where: Float64, outfit: Outfit) -> Float64:
    """Return the rest surface with its clothes on.

    Args:
        rest: (V, 3) rest surface of the person's own shape.
        normals: (V, 3) its outward normals.
        where: (V, 3) rest surface of the mean body.
        outfit: what is worn.
    """
    surface = rest + normals * outfit.thickness(where)[:, None]
    soles = (where[:, 1] < -0.985) & (normals[:, 1] < -0.5)
    surface[soles, 1] = rest[soles, 1].min() - SOLE
    return surface


def _fill(color: Float32, mask: Bool, value: Float32) -> None:
    color[mask] = value


def _rises(value: Float64, start: float, end: float) -> Float64:
    t = np.clip((value - start) / (end - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _above_brim(where: Float32 | Float64) -> Float64:
    """Height above a brim that runs from the forehead down to the neck."""
    y, z = where[:, 1], where[:, 2]
    return np.asarray(y - (0.715 + 0.32 * (z - 0.12)))


def _covers_scalp(where: Float32 | Float64) -> Bool:
    return np.asarray((_above_brim(where) > 0) & (where[:, 1] > 0.62) & (np.abs(where[:, 0]) < 0.13))


def _covers_eyes(where: Float32 | Float64) -> Bool:
    x, y, z = where[:, 0], where[:, 1], where[:, 2]
    return np.asarray((np.abs(y - _EYES) < 0.026) & (z > 0.02) & (np.abs(x) < 0.12))
