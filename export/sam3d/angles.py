"""Rotations to Euler angles with operators that every execution provider has.

ONNX Runtime has no CUDA kernel for Atan, Asin and Acos: a graph with one of them copies tensors to the CPU and back,
six times a person here. So the arc tangent is a polynomial: the argument is reduced to |t| <= tan(pi/8), where the
coefficients of Cephes' single-precision ``atanf`` (Moshier) are exact to a few units in the last place.
"""

import math

import torch
from torch import Tensor

_EIGHTH = math.tan(math.pi / 8)
_COEFFICIENTS = (8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1)
_SMALLEST = 1e-30


def arc_tangent(y: Tensor, x: Tensor) -> Tensor:
    """Return the angle of (x, y), -pi to pi, as `torch.atan2`; 0 for (0, 0)."""
    across, along = y.abs(), x.abs()
    ratio = torch.minimum(across, along) / torch.maximum(across, along).clamp_min(_SMALLEST)
    steep = ratio > _EIGHTH
    reduced = torch.where(steep, (ratio - 1) / (ratio + 1), ratio)
    square, series = reduced * reduced, torch.zeros_like(reduced)
    for coefficient in _COEFFICIENTS:
        series = (series + coefficient) * square
    angle = reduced + reduced * series + torch.where(steep, math.pi / 4, 0.0)
    angle = torch.where(across > along, math.pi / 2 - angle, angle)
    angle = torch.where(x < 0, math.pi - angle, angle)
    return torch.where(y < 0, -angle, angle)


def euler_angles(rotations: Tensor) -> Tensor:
    """Return (..., 3) angles (x, y, z) with R = Rz Ry Rx of (..., 3, 3) rotations; y from -pi/2 to pi/2."""
    x = arc_tangent(rotations[..., 2, 1], rotations[..., 2, 2])
    cosine = (rotations[..., 2, 1] ** 2 + rotations[..., 2, 2] ** 2).sqrt()
    y = arc_tangent(-rotations[..., 2, 0], cosine)
    z = arc_tangent(rotations[..., 1, 0], rotations[..., 0, 0])
    return torch.stack((x, y, z), dim=-1)


def rotation_of(angles: Tensor) -> Tensor:
    """Return (..., 3, 3) rotations Rz Ry Rx of (..., 3) angles (x, y, z)."""
    (sx, sy, sz), (cx, cy, cz) = angles.sin().unbind(-1), angles.cos().unbind(-1)
    rows = (
        (cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx),
        (sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx),
        (-sy, cy * sx, cy * cx),
    )
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)
