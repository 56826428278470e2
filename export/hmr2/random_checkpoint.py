"""A checkpoint of the published names, sizes and container but random numbers, for full-size checks."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from export.hmr2.checkpoint import expected_shapes
from export.hmr2.decoder import POSE_SIZE
from export.hmr2.sizes import PUBLISHED, Hmr2Sizes
from export.weights.checkpoint import Shape
from tracker_service.types.smpl import NUMBER_OF_ROTATIONS

_READOUT_SCALE = 0.002
"""Turns the joints by 22 degrees on average (measured), as people do.

Larger values give 6D vectors that no trained network gives: at 0.003 (35 degrees) one of 384 joints has a column of
length 0.08 before it is normalised, which magnifies FP16's rounding 12 times and alone breaks the limits.
"""


def write_random_checkpoint(path: Path, sizes: Hmr2Sizes = PUBLISHED, seed: int = 0) -> Path:
    """Write a Lightning-like checkpoint of random weights; 2.7 GB for the published sizes."""
    state = dict(random_tensors(expected_shapes(sizes), seed))
    state["initialized"] = torch.tensor(True)
    state["discriminator.betas_out.weight"] = torch.zeros(1, 5)
    torch.save({"state_dict": state, "epoch": 35, "pytorch-lightning_version": "1.8.1"}, path)
    return path


def random_tensors(shapes: Mapping[str, Shape], seed: int = 0) -> Iterator[tuple[str, Tensor]]:
    """Yield a random tensor for every name and shape.

    Weights have the variance 1/fan-in, so that activations, logits and the residual stream keep sizes that are
    plausible for a trained network; the mean pose is the identity, the mean camera the published (0.9, 0, 0).
    """
    generator = torch.Generator().manual_seed(seed)
    for name, shape in shapes.items():
        if name == "smpl_head.init_body_pose":
            yield name, torch.tensor([1.0, 0, 0, 0, 1, 0]).repeat(NUMBER_OF_ROTATIONS)[None]
        elif name == "smpl_head.init_cam":
            yield name, torch.tensor([[0.9, 0, 0]])
        else:
            yield name, _random(name, shape, generator)


def _random(name: str, shape: Shape, generator: torch.Generator) -> Tensor:
    values = torch.randn(shape, generator=generator)
    if name.endswith("weight") and len(shape) == 1:  # of a norm
        return torch.add(0.1 * values, 1)
    if "smpl_head.dec" in name and shape[0] <= POSE_SIZE:
        return values.mul_(_READOUT_SCALE)
    if name.endswith("weight"):
        return values.div_(float(np.sqrt(np.prod(shape[1:]))))
    return values.mul_(0.02)
