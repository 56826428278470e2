"""The trunk: HMR2's ViT blocks on 512 x 384 pixels."""

import torch
from torch import Tensor, nn

from export.hmr2.backbone import EPSILON, PADDING, Block, in_type_of
from export.sam3d.sizes import PATCH, Sam3dSizes


class Trunk(nn.Module):
    """A normalised image to a map of features; the class token's position is folded into the table, as for HMR2.

    Args:
        sizes: channels, depth, patches.
    """

    def __init__(self, sizes: Sam3dSizes) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, sizes.embed_dim, PATCH, stride=PATCH, padding=PADDING)
        self.position = nn.Parameter(torch.empty(sizes.rows * sizes.columns, sizes.embed_dim))
        self.blocks = nn.ModuleList(
            Block(sizes.embed_dim, sizes.heads, 4 * sizes.embed_dim) for _ in range(sizes.depth)
        )
        self.norm = nn.LayerNorm(sizes.embed_dim, eps=EPSILON)

    def forward(self, image: Tensor) -> Tensor:
        """Return (B, N, dim) FP32 features, row by row, of (B, 3, 512, 384) normalised images."""
        patches: Tensor = self.patches(in_type_of(self.patches, image))
        tokens = patches.flatten(2).transpose(1, 2).float() + self.position
        for block in self.blocks:
            tokens = block(tokens)
        features: Tensor = self.norm(tokens)
        return features
