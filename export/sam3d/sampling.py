"""Features of a map at points, by bilinear interpolation.

ONNX Runtime has a CUDA kernel for GridSample up to operator set 19 only. A patch's weight at a point is a product of
two hat functions, so sampling is a matrix product.
"""

import torch
from torch import Tensor


def sample_map(features: Tensor, points: Tensor, rows: int, columns: int) -> Tensor:
    """Return (B, n, dim) features at points, zero outside; as `grid_sample` with zeros and without aligned corners.

    Args:
        features: (B, rows * columns, dim), row by row.
        points: (B, n, 2) (x, y), -1 and 1 being the edges of the map.
        rows: of the map.
        columns: of the map.
    """
    across, down = _weights(points[..., 0], columns), _weights(points[..., 1], rows)
    weights = (down[..., :, None] * across[..., None, :]).flatten(2)
    return torch.bmm(weights, features)


def _weights(positions: Tensor, count: int) -> Tensor:
    """Return (B, n, count) hat functions around the centres of ``count`` cells between -1 and 1."""
    places = (positions + 1) * (count / 2) - 0.5
    cells = torch.arange(count, dtype=torch.float32, device=positions.device)
    return (1 - (places[..., None] - cells).abs()).clamp_min(0)
