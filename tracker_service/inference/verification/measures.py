"""How far two results are apart, in units that mean something: millimetres, degrees, pixels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tracker_service.types import Float64

Distance: TypeAlias = Callable[[NDArray[Any], NDArray[Any]], Float64]
Unit: TypeAlias = Literal["mm", "deg", "px", "abs", "rel"]
_BOXES_COMPARED = 50


@dataclass(frozen=True, slots=True)
class Limit:
    """Largest acceptable mean and maximum of a distance."""

    mean: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Measure:
    """How one output is compared.

    Attributes:
        unit: what the distance is counted in; each unit has one way to measure, see `DISTANCES`.
        fp32: limits for graphs with FP32 weights.
        fp16: limits for graphs with FP16 weights.
    """

    unit: Unit
    fp32: Limit
    fp16: Limit

    def deviation(self, expected: NDArray[Any], got: NDArray[Any]) -> tuple[float, float]:
        """Return mean and maximum of the distances; what is not a number is infinitely far away."""
        distances = np.atleast_1d(DISTANCES[self.unit](expected, got))
        errors = np.nan_to_num(distances, nan=np.inf, posinf=np.inf)
        return float(errors.mean()), float(errors.max())

    def limit(self, precision: str) -> Limit:
        """Return the limits for ``precision`` ("fp32" or "fp16")."""
        return self.fp16 if precision == "fp16" else self.fp32


def millimetres(expected: NDArray[Any], got: NDArray[Any]) -> Float64:
    """Euclidean distance of (..., 3) points in metres."""
    return np.asarray(1000 * np.linalg.norm(_difference(expected, got), axis=-1))


def nearest_box(expected: NDArray[Any], got: NDArray[Any]) -> Float64:
    """Return for the better half of the expected boxes how far the nearest given box of the same frame is, pixels.

    Rows cannot be compared one by one: boxes whose scores are equal to rounding may change places.

    Args:
        expected: (N, 100, 4), best first.
        got: (N, 100, 4).
    """
    wanted = np.asarray(expected[:, :_BOXES_COMPARED, None], np.float64)
    return np.asarray(np.abs(wanted - got[:, None]).max(axis=-1).min(axis=-1))


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


DISTANCES: Mapping[Unit, Distance] = MappingProxyType(
    {"mm": millimetres, "deg": degrees, "px": nearest_box, "abs": absolute, "rel": relative}
)
"""How each unit is measured; gives one number per compared item."""

POINTS = Measure("mm", fp32=Limit(0.1, 0.1), fp16=Limit(1, 5))
ROTATIONS = Measure("deg", fp32=Limit(0.05, 0.5), fp16=Limit(0.5, 0.5))
"""Limits of joints, vertices and rotations, as the project promises them."""


def numbers(fp32: float, fp16: float) -> Measure:
    """Return a measure of plain numbers with one limit for mean and maximum of each precision."""
    return Measure("abs", Limit(fp32, fp32), Limit(fp16, fp16))
