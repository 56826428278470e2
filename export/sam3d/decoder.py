"""The decoder: 145 tokens that read the map of features, layer by layer.

What is constant is folded: the position of each patch becomes an addition to its keys, so its norm and its part of the
key projection are not in the graph.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.hmr2.backbone import EPSILON, FeedForward
from export.sam3d.sizes import Sam3dSizes


class Mixing(nn.Module):
    """Multi-head attention from tokens of one width to those of another.

    Args:
        sizes: channels and heads.
        context: channels of what is read.
    """

    def __init__(self, sizes: Sam3dSizes, context: int) -> None:
        super().__init__()
        self._heads, inner = sizes.decoder_heads, sizes.decoder_heads * sizes.decoder_head_dim
        self.query = nn.Linear(sizes.decoder_dim, inner)
        self.key = nn.Linear(context, inner)
        self.value = nn.Linear(context, inner)
        self.out = nn.Linear(inner, sizes.decoder_dim)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, key_addition: Tensor | None = None) -> Tensor:
        """Return (B, n, dim) what (B, n, dim) queries read of (B, N, context) values, found by their keys.

        Args:
            query: (B, n, dim) before its projection, as the others.
            key: (B, N, context).
            value: (B, N, context).
            key_addition: (N, inner) is added to the projected keys.
        """
        keys = self.key(key) if key_addition is None else self.key(key) + key_addition
        queries, keys, values = self._split(self.query(query)), self._split(keys), self._split(self.value(value))
        read = functional.scaled_dot_product_attention(queries, keys, values)
        mixed: Tensor = self.out(read.transpose(1, 2).flatten(2))
        return mixed

    def _split(self, values: Tensor) -> Tensor:
        return values.reshape(values.shape[0], values.shape[1], self._heads, -1).transpose(1, 2)


class DecoderLayer(nn.Module):
    """Self-attention, cross-attention and feed-forward; pre-norm; normed positions are added to queries and keys.

    Args:
        sizes: channels, heads, patches.
    """

    def __init__(self, sizes: Sam3dSizes) -> None:
        super().__init__()
        dim, patches = sizes.decoder_dim, sizes.rows * sizes.columns
        self.position_norm = nn.LayerNorm(dim, eps=EPSILON)
        self.self_norm = nn.LayerNorm(dim, eps=EPSILON)
        self.self_mixing = Mixing(sizes, dim)
        self.cross_norm = nn.LayerNorm(dim, eps=EPSILON)
        self.context_norm = nn.LayerNorm(sizes.embed_dim, eps=EPSILON)
        self.cross_mixing = Mixing(sizes, sizes.embed_dim)
        self.patch_keys = nn.Parameter(torch.empty(patches, sizes.decoder_heads * sizes.decoder_head_dim))
        self.feed_norm = nn.LayerNorm(dim, eps=EPSILON)
        self.feed_forward = FeedForward(dim, sizes.decoder_mlp_dim)

    def forward(self, tokens: Tensor, positions: Tensor, features: Tensor) -> Tensor:
        """Return (B, n, dim) tokens after this layer.

        Args:
            tokens: (B, n, dim).
            positions: (B, n, dim) of the tokens.
            features: (B, N, embed_dim) of the image.
        """
        positions = self.position_norm(positions)
        normed = self.self_norm(tokens)
        placed = normed + positions
        tokens = tokens + self.self_mixing(placed, placed, normed)
        context = self.context_norm(features)
        query = self.cross_norm(tokens) + positions
        tokens = tokens + self.cross_mixing(query, context, context, self.patch_keys)
        return torch.add(tokens, self.feed_forward(self.feed_norm(tokens)))
