"""How far two results are apart, in units that mean something: millimetres, degrees, pixels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tracker_service.types import Float64

Distance: TypeAlias = Callable[[NDArray[Any], NDArray[Any]], Float64]


@dataclass(frozen=True, slots=True)
class Limit:
    """Largest acceptable mean and maximum of a distance."""

    mean: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Measure:
    """A distance between two arrays of one output.

    Attributes:
        unit: what the distance is counted in.
        distance: gives one number per compared item.
        fp32: limits for graphs with FP32 weights.
        fp16: limits for graphs with FP16 weights.
    """

    unit: str
    distance: Distance
    fp32: Limit
    fp16: Limit

    def limit(self, precision: str) -> Limit:
        """Return the limits for ``precision`` ("fp32" or "fp16")."""
        return self.fp16 if precision == "fp16" else self.fp32


def millimetres(expected: NDArray[Any], got: NDArray[Any]) -> Float64:
    """Euclidean distance of (..., 3) points in metres."""
    return np.asarray(1000 * np.linalg.norm(_difference(expected, got), axis=-1))


def pixels(expected: NDArray[Any], got: NDArray[Any]) -> Float64:
    """Largest absolute difference of the coordinates of (..., k) points or boxes."""
    return np.asarray(np.abs(_difference(expected, got)).max(axis=-1))


def degrees(expected: NDArray[Any], got: NDArray[Any]) -> Float64:
    """Angle between (..., 3, 3) rotations; from the chord, which is exact for small angles too."""
    chord = np.linalg.norm(_difference(expected, got), axis=(-2, -1)) / (2 * np.sqrt(2))
    return np.asarray(np.degrees(2 * np.arcsin(np.clip(chord, 0, 1))))


def absolute(expected: NDArray[Any], got: NDArray[Any]) -> Float64:
    """Absolute difference of every number."""
    return np.abs(_difference(expected, got))


def relative(expected: NDArray[Any], got: NDArray[Any]) -> Float64:
    """Euclidean distance of each row's vector, relative to the expected vector's length."""
    rows = _difference(expected, got).reshape(len(expected), -1)
    lengths = np.linalg.norm(np.asarray(expected, np.float64).reshape(len(expected), -1), axis=1)
    return np.asarray(np.linalg.norm(rows, axis=1) / np.maximum(lengths, 1e-12))


def _difference(expected: NDArray[Any], got: NDArray[Any]) -> Float64:
    return np.asarray(got, np.float64) - np.asarray(expected, np.float64)


POINTS = Measure("mm", millimetres, fp32=Limit(0.1, 0.1), fp16=Limit(1, 5))
ROTATIONS = Measure("deg", degrees, fp32=Limit(0.05, 0.5), fp16=Limit(0.5, 0.5))
"""Limits of joints, vertices and rotations, as the project promises them."""


def numbers(fp32: float, fp16: float) -> Measure:
    """Return a measure of plain numbers with one limit for mean and maximum of each precision."""
    return Measure("abs", absolute, Limit(fp32, fp32), Limit(fp16, fp16))
