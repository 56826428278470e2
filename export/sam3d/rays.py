"""The camera ray through every patch, in closed form, and how it is mixed into the features.

Upstream computes rays at 512 x 512 pixels and shrinks them with antialiasing, which exporters refuse. Rays are affine
in the pixel, so a shrunken ray is the ray at a shrunken pixel position, and those positions are constants. It holds
where the principal point is the image's centre and pixels are square.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.hmr2.backbone import EPSILON
from export.sam3d.sizes import CROP_SIZE, Sam3dSizes


def patch_positions(first: int, count: int, patches: int) -> Tensor:
    """Return (patches,) pixel positions: those of ``count`` pixels from ``first`` on, shrunk with antialiasing."""
    ramp = torch.arange(first, first + count, dtype=torch.float64)[None, None, None]
    size = (1, patches)
    shrunk = functional.interpolate(ramp, size, mode="bilinear", align_corners=False, antialias=True)
    return shrunk[0, 0, 0].float()


class RayEncoding(nn.Module):
    """Adds to every patch what camera ray it looks along.

    Args:
        sizes: patches, channels, frequencies.
    """

    offsets: Tensor
    frequencies: Tensor

    def __init__(self, sizes: Sam3dSizes) -> None:
        super().__init__()
        across = patch_positions(sizes.cut, CROP_SIZE - 2 * sizes.cut, sizes.columns)
        down = patch_positions(0, CROP_SIZE, sizes.rows)
        grid = torch.stack((across.repeat(sizes.rows), down.repeat_interleave(sizes.columns)), dim=-1)
        self.register_buffer("offsets", grid / CROP_SIZE - 0.5, persistent=False)
        frequencies = math.pi * torch.linspace(1, 2 * sizes.bands, sizes.bands)
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.mix = nn.Linear(sizes.embed_dim + 3 * (1 + 2 * sizes.bands), sizes.embed_dim, bias=False)
        self.norm = nn.LayerNorm(sizes.embed_dim, eps=EPSILON)

    def rays(self, bbox_info: Tensor) -> Tensor:
        """Return (B, N, 3) rays (x, y, 1) at unit depth, of (B, 3) ((cx - W/2)/f, (cy - H/2)/f, side/f)."""
        across = bbox_info[:, None, :2] + self.offsets * bbox_info[:, None, 2:]
        return torch.cat((across, torch.ones_like(across[..., :1])), dim=-1)

    def forward(self, features: Tensor, bbox_info: Tensor) -> Tensor:
        """Return (B, N, dim) features that know their rays."""
        rays = self.rays(bbox_info)
        phases = (rays[..., None] * self.frequencies).flatten(2)
        mixed: Tensor = self.norm(self.mix(torch.cat((features, rays, phases.sin(), phases.cos()), dim=-1)))
        return mixed
