"""ViT-H/16 as ViTPose trained it: the trunk of HMR2.0.

It differs from the usual ViT in three ways: patches are cut with two pixels of zero padding, there is no class token
(its position is added to every patch instead), and every LayerNorm has an epsilon of 1e-6.
LayerNorm and the residual stream stay in FP32 whatever the type of the weights: in FP16 the stream of a deep ViT
overflows without an error.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-6
PATCH = 16
PADDING = 2
IMAGE_HEIGHT, IMAGE_WIDTH = 256, 192
ROWS, COLUMNS = 16, 12
TOKENS = ROWS * COLUMNS
"""Patches of a 256 x 192 image, row by row."""


def in_type_of(layer: nn.Linear | nn.Conv1d | nn.Conv2d, values: Tensor) -> Tensor:
    """Return ``values`` in the type of the layer's weights."""
    return values.to(layer.weight.dtype)


class Attention(nn.Module):
    """Multi-head self-attention over all tokens (Dosovitskiy et al., ICLR 2021).

    Args:
        dim: channels of a token.
        heads: heads; more make each narrower (dim / heads channels).
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (B, N, dim) mixed tokens, in the type of the weights."""
        batch, count, dim = tokens.shape
        parts: tuple[Tensor, ...] = self.qkv(in_type_of(self.qkv, tokens)).chunk(3, dim=-1)
        query, key, value = (
            part.reshape(batch, count, self.heads, dim // self.heads).transpose(1, 2) for part in parts
        )
        mixed = functional.scaled_dot_product_attention(query, key, value)
        out: Tensor = self.out(mixed.transpose(1, 2).reshape(batch, count, dim))
        return out


class FeedForward(nn.Module):
    """Two linear layers with an exact GELU between them."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.widen = nn.Linear(dim, hidden)
        self.narrow = nn.Linear(hidden, dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (..., dim) transformed tokens, in the type of the weights."""
        out: Tensor = self.narrow(functional.gelu(self.widen(in_type_of(self.widen, tokens))))
        return out


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, dim: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=EPSILON)
        self.attention = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=EPSILON)
        self.feed_forward = FeedForward(dim, hidden)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (B, N, dim) FP32 tokens."""
        tokens = tokens + self.attention(self.norm1(tokens)).float()
        return torch.add(tokens, self.feed_forward(self.norm2(tokens)).float())


class Backbone(nn.Module):
    """The trunk: a normalised 256 x 192 image to 192 feature vectors.

    Args:
        dim: channels of a token.
        depth: number of blocks.
        heads: attention heads of each block.
    """

    def __init__(self, dim: int, depth: int, heads: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, dim, PATCH, stride=PATCH, padding=PADDING)
        self.position = nn.Parameter(torch.empty(TOKENS, dim))
        self.blocks = nn.ModuleList(Block(dim, heads, 4 * dim) for _ in range(depth))
        self.norm = nn.LayerNorm(dim, eps=EPSILON)

    def patch_tokens(self, image: Tensor) -> Tensor:
        """Return (B, 192, dim) FP32 patch embeddings of (B, 3, 256, 192) images, row by row, without positions."""
        patches: Tensor = self.patches(in_type_of(self.patches, image))
        return patches.flatten(2).transpose(1, 2).float()

    def forward(self, image: Tensor) -> Tensor:
        """Return (B, 192, dim) FP32 features of (B, 3, 256, 192) normalised images."""
        tokens = self.patch_tokens(image) + self.position
        for block in self.blocks:
            tokens = block(tokens)
        features: Tensor = self.norm(tokens)
        return features
