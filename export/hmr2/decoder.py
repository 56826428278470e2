"""HMR2's head: one learnt query token that reads the image features through six cross-attention layers.

With a single token self-attention is a linear map (the softmax runs over one element), so only its value projection is
kept. The keys and values of all layers come from the same features and are computed by one matrix product: 98 % of the
head's work, and the only part of it that may run in half precision. In FP16 the layers themselves would save nothing
and cost as much accuracy as the whole backbone does.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.hmr2.backbone import FeedForward, in_type_of
from export.hmr2.sizes import Hmr2Sizes
from tracker_service.types.smpl import NUMBER_OF_BETAS, NUMBER_OF_ROTATIONS

POSE_SIZE, SHAPE_SIZE, CAMERA_SIZE = 6 * NUMBER_OF_ROTATIONS, NUMBER_OF_BETAS, 3


class BodyParameters(NamedTuple):
    """What the head reads out: (B, 144) 6D rotations, (B, 10) shape, (B, 3) weak-perspective camera."""

    pose: Tensor
    betas: Tensor
    camera: Tensor


class DecoderLayer(nn.Module):
    """Self-attention of one token, cross-attention to the features, feed-forward; pre-norm, no norm at the end."""

    def __init__(self, sizes: Hmr2Sizes) -> None:
        super().__init__()
        dim, inner = sizes.decoder_dim, sizes.decoder_inner
        self.heads = sizes.decoder_heads
        self.self_norm = nn.LayerNorm(dim)
        self.self_value = nn.Linear(dim, inner, bias=False)
        self.self_out = nn.Linear(inner, dim)
        self.cross_norm = nn.LayerNorm(dim)
        self.query = nn.Linear(dim, inner, bias=False)
        self.cross_out = nn.Linear(inner, dim)
        self.feed_norm = nn.LayerNorm(dim)
        self.feed_forward = FeedForward(dim, sizes.decoder_mlp_dim)

    def forward(self, token: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Return the (B, 1, dim) FP32 token after this layer.

        Args:
            token: (B, 1, dim) FP32.
            key: (B, heads, N, head_dim) of the image features.
            value: the same shape.
        """
        token = token + self.self_out(self.self_value(self.self_norm(token)))
        query: Tensor = self.query(self.cross_norm(token))
        query = query.reshape(-1, 1, self.heads, key.shape[-1]).transpose(1, 2)
        read = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        token = token + self.cross_out(read)
        return torch.add(token, self.feed_forward(self.feed_norm(token)))


class TokenDecoder(nn.Module):
    """What the heads of the whole family share: a query token that reads image features, shape and camera from it.

    Args:
        sizes: channels and depth.
    """

    def __init__(self, sizes: Hmr2Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.query_token = nn.Parameter(torch.empty(sizes.decoder_dim))
        self.keys_values = nn.Linear(sizes.embed_dim, 2 * sizes.decoder_depth * sizes.decoder_inner, bias=False)
        self.layers = nn.ModuleList(DecoderLayer(sizes) for _ in range(sizes.decoder_depth))
        self.readout_betas = nn.Linear(sizes.decoder_dim, SHAPE_SIZE)
        self.readout_camera = nn.Linear(sizes.decoder_dim, CAMERA_SIZE)

    def token(self, features: Tensor, query: Tensor | None = None) -> Tensor:
        """Return the (B, dim) FP32 token after the last layer.

        Args:
            features: (B, N, embed_dim).
            query: (B, dim) the token before the first layer; None takes the constant one.
        """
        sizes = self.sizes
        batch, count, _ = features.shape
        fused = self.keys_values(in_type_of(self.keys_values, features)).float()
        keys_values = [
            part.reshape(batch, count, sizes.decoder_heads, sizes.decoder_head_dim).transpose(1, 2)
            for part in fused.chunk(2 * sizes.decoder_depth, dim=-1)
        ]
        token = (self.query_token if query is None else query[:, None]).expand(batch, 1, sizes.decoder_dim)
        for index, layer in enumerate(self.layers):
            token = layer(token, keys_values[2 * index], keys_values[2 * index + 1])
        return token[:, 0]


class Decoder(TokenDecoder):
    """HMR2's head: image features to body parameters.

    Args:
        sizes: channels and depth; the published ones by default.
    """

    def __init__(self, sizes: Hmr2Sizes) -> None:
        super().__init__(sizes)
        self.readout_pose = nn.Linear(sizes.decoder_dim, POSE_SIZE)

    def forward(self, features: Tensor) -> BodyParameters:
        """Return the body parameters for (B, N, embed_dim) features, all FP32."""
        token = self.token(features)
        return BodyParameters(self.readout_pose(token), self.readout_betas(token), self.readout_camera(token))
