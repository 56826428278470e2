"""Smooth random patterns that repeat, so that they can be looked up at any world position."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker_service.types import Float32, Float64

_SIDE = 512


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """Fractal value noise on a torus.

    Attributes:
        texture: (512, 512) float32, mean 0, standard deviation 1.
    """

    texture: Float32

    @classmethod
    def fractal(cls, seed: int, *, coarsest: int = 4, octaves: int = 6, persistence: float = 0.5) -> Self:
        """Sum octaves of random grids.

        Args:
            seed: of the random numbers.
            coarsest: cells along a side of the first octave; raising it makes all features smaller.
            octaves: number of grids, each twice as fine as the one before.
            persistence: weight of an octave relative to the one before; raising it makes the pattern rougher.
        """
        random = np.random.default_rng(seed)
        total = np.zeros((_SIDE, _SIDE), np.float32)
        for octave in range(octaves):
            cells = coarsest << octave
            grid = random.standard_normal((cells, cells)).astype(np.float32)
            total += persistence**octave * _periodic(grid)
        return cls((total - total.mean()) / total.std())

    def at(self, x: NDArray[np.floating], y: NDArray[np.floating], period: float) -> Float32:
        """Return the pattern at positions; it repeats every ``period``."""
        shape = np.shape(x)
        column, row = (_fraction(np.asarray(along, np.float64).ravel() / period) * _SIDE for along in (x, y))
        value = np.empty(column.size, np.float32)
        rows_at_once = 16384  # remap takes maps of at most 32767 rows
        for start in range(0, column.size, rows_at_once):
            part = slice(start, start + rows_at_once)
            sampled = cv2.remap(
                self.texture, column[part, None], row[part, None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
            )
            value[part] = np.asarray(sampled, np.float32)[:, 0]
        return value.reshape(shape)


def _fraction(turns: Float64) -> Float32:
    """Return what ``turns % 1.0`` is, which numpy takes several times longer for."""
    return np.asarray(turns - np.floor(turns), np.float32)


def _periodic(grid: Float32) -> Float32:
    """Enlarge a grid to the texture's side; opposite borders fit."""
    cells = len(grid)
    padded = np.pad(grid, 2, mode="wrap")
    factor = _SIDE // cells
    large = cv2.resize(padded, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.float32)[2 * factor : 2 * factor + _SIDE, 2 * factor : 2 * factor + _SIDE]
