"""The continuous 6D representation of rotations (Zhou et al., CVPR 2019), in HMR2's layout."""

import torch
from torch import Tensor

_SHORTEST = 1e-12
"""Floor of the norms, as upstream's normalisation has it (4D-Humans, hmr2/utils/geometry.py)."""


def rotation_from_6d(values: Tensor) -> Tensor:
    """Return rotation matrices from pairs of 3-vectors by Gram-Schmidt.

    HMR2 stores the two vectors one after the other (x0 x1 x2 | x3 x4 x5); SPIN interleaves them, so its numbers cannot
    be used here.

    Args:
        values: (..., 6) the first two columns of the matrix, not normalised.

    Returns:
        (..., 3, 3) rotation matrices; finite for every finite input, also for zero or parallel vectors.
    """
    first, second = values[..., :3], values[..., 3:]
    x = _normalise(first)
    y = _normalise(second - (x * second).sum(-1, keepdim=True) * x)
    return torch.stack((x, y, _cross(x, y)), dim=-1)


def _normalise(vectors: Tensor) -> Tensor:
    lengths = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return torch.div(vectors, lengths.clamp_min(_SHORTEST))


def _cross(a: Tensor, b: Tensor) -> Tensor:
    # Spelled out: the ONNX lowering of linalg.cross gathers along an axis, these are six products.
    ax, ay, az = a.unbind(-1)
    bx, by, bz = b.unbind(-1)
    return torch.stack((ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx), dim=-1)
