"""A checkpoint like FLNet's with random numbers."""

from pathlib import Path

import numpy as np
import torch

from export.vfov.graph import expected_shapes
from export.vfov.hrnet import W48, HrnetSizes

_SCALE = 0.6
"""Of the norms: at 1 every residual block doubles the variance, and 500 radians are read out (measured)."""


def write_random_vfov(path: Path, sizes: HrnetSizes = W48, prefix: str = "model.", seed: int = 0) -> Path:
    """Write one; products keep the variance of what they get.

    Args:
        path: the file.
        sizes: widths and depths.
        prefix: what training wrapped the network in.
        seed: of the numbers.
    """
    random = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in expected_shapes(sizes).items():
        values = torch.randn(shape, generator=random)
        if len(shape) > 1:
            state[prefix + name] = values / float(np.sqrt(np.prod(shape[1:])))
        else:
            size = 1.0 if name.endswith("running_var") else _SCALE
            grows = name.endswith(("running_var", "weight"))
            state[prefix + name] = size + 0.1 * values.abs() if grows else 0.1 * values
    state[f"{prefix}fc2.weight"] = state[f"{prefix}backbone.final_layer.bias"] = torch.zeros(1)
    state[f"{prefix}backbone.bn1.num_batches_tracked"] = torch.tensor(5)
    torch.save({"state_dict": state}, path)
    return path
