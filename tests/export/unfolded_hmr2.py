"""HMR2's backbone and head, nothing folded or fused, under the published names: a stand-in for the authors' modules.

Written from the description of the network, stage by stage as it is published; slow, and independent of `export.hmr2`.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tests.export.golden import small_sizes

CLASS_SLOT = 1.0
"""Weight of the class slot's position, which is added to every patch."""


class _Block(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.attn = nn.Module()
        self.attn.qkv, self.attn.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.mlp = nn.Module()
        self.mlp.fc1, self.mlp.fc2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        qkv = self.attn.qkv(self.norm1(x))  # type: ignore[operator]
        x = x + self.attn.proj(_attend(qkv.chunk(3, dim=-1), self.heads))  # type: ignore[operator]
        hidden = nn.functional.gelu(self.mlp.fc1(self.norm2(x)))  # type: ignore[operator]
        return x + self.mlp.fc2(hidden)  # type: ignore[no-any-return,operator]


class _Backbone(nn.Module):
    def __init__(self, dim: int, depth: int, heads: int) -> None:
        super().__init__()
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(3, dim, 16, 16, padding=2)
        self.pos_embed = nn.Parameter(torch.zeros(1, 193, dim))
        self.blocks = nn.ModuleList(_Block(dim, heads) for _ in range(depth))
        self.last_norm = nn.LayerNorm(dim, eps=1e-6)

    def forward(self, image: Tensor) -> Tensor:
        patches = self.patch_embed.proj(image)  # type: ignore[operator]
        x = patches.flatten(2).transpose(1, 2) + self.pos_embed[:, 1:] + CLASS_SLOT * self.pos_embed[:, :1]
        for block in self.blocks:
            x = block(x)
        features: Tensor = self.last_norm(x).transpose(1, 2)
        return features.reshape(*features.shape[:2], 16, 12)


class _Normed(nn.Module):
    """A sub-layer behind its LayerNorm."""

    def __init__(self, dim: int, **parts: nn.Module) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.fn = nn.Module()
        for name, part in parts.items():
            self.fn.add_module(name, part)

    def part(self, name: str) -> nn.Module:
        return self.fn.get_submodule(name)


class _Head(nn.Module):
    def __init__(self, config: Any) -> None:
        super().__init__()
        sizes = config.MODEL.SMPL_HEAD.TRANSFORMER_DECODER
        self.heads, dim, inner = sizes["heads"], sizes["dim"], sizes["heads"] * sizes["dim_head"]
        self.transformer = nn.Module()
        self.transformer.pos_embedding = nn.Parameter(torch.zeros(1, 1, dim))
        self.transformer.to_token_embedding = nn.Linear(1, dim)
        self.transformer.transformer = nn.Module()
        self.transformer.transformer.layers = nn.ModuleList(
            nn.ModuleList(
                [
                    _Normed(dim, to_qkv=nn.Linear(dim, 3 * inner, bias=False), to_out=_projection(inner, dim)),
                    _Normed(
                        dim,
                        to_kv=nn.Linear(sizes["context_dim"], 2 * inner, bias=False),
                        to_q=nn.Linear(dim, inner, bias=False),
                        to_out=_projection(inner, dim),
                    ),
                    _Normed(dim, net=_feed_forward(dim, sizes["mlp_dim"])),
                ]
            )
            for _ in range(sizes["depth"])
        )
        self.decpose, self.decshape, self.deccam = nn.Linear(dim, 144), nn.Linear(dim, 10), nn.Linear(dim, 3)
        with np.load(config.SMPL.MEAN_PARAMS) as mean:
            for name, key in (("init_body_pose", "pose"), ("init_betas", "shape"), ("init_cam", "cam")):
                self.register_buffer(name, torch.from_numpy(mean[key])[None])

    def forward(self, features: Tensor) -> tuple[dict[str, Tensor], Tensor, dict[str, list[Tensor]]]:
        context = features.flatten(2).transpose(1, 2)
        transformer: Any = self.transformer
        token = transformer.to_token_embedding(torch.zeros(len(context), 1, 1)) + transformer.pos_embedding
        for itself, image, feed in transformer.transformer.layers:
            qkv = itself.part("to_qkv")(itself.norm(token)).chunk(3, dim=-1)
            token = token + itself.part("to_out")(_attend(qkv, self.heads))
            keys, values = image.part("to_kv")(context).chunk(2, dim=-1)
            read = _attend((image.part("to_q")(image.norm(token)), keys, values), self.heads)
            token = token + image.part("to_out")(read)
            token = token + feed.part("net")(feed.norm(token))
        token = token[:, 0]
        rotations = _rotations((self.decpose(token) + self.init_body_pose).reshape(-1, 6)).reshape(-1, 24, 3, 3)
        betas, camera = self.decshape(token) + self.init_betas, self.deccam(token) + self.init_cam
        parameters = {"global_orient": rotations[:, :1], "body_pose": rotations[:, 1:], "betas": betas}
        return parameters, camera, {"cam": [camera]}


def create_backbone(config: Any) -> nn.Module:
    """The network of the configuration; like the authors', the trunk's sizes are those of the code."""
    assert config.MODEL.BACKBONE.TYPE == "vit"
    sizes = small_sizes()
    return _Backbone(sizes.embed_dim, sizes.depth, sizes.heads)


def build_smpl_head(config: Any) -> nn.Module:
    assert config.MODEL.SMPL_HEAD.TYPE == "transformer_decoder"
    return _Head(config)


def _projection(inner: int, dim: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inner, dim), nn.Dropout(0.0))


def _feed_forward(dim: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(dim, hidden), nn.GELU(), nn.Dropout(0.0), nn.Linear(hidden, dim), nn.Dropout(0.0))


def _attend(parts: tuple[Tensor, ...], heads: int) -> Tensor:
    query, key, value = (part.reshape(*part.shape[:2], heads, -1).transpose(1, 2) for part in parts)
    weights = torch.softmax(query @ key.transpose(2, 3) / query.shape[-1] ** 0.5, dim=-1)
    return (weights @ value).transpose(1, 2).flatten(2)


def _rotations(columns: Tensor) -> Tensor:
    first = nn.functional.normalize(columns[:, :3], dim=1)
    second = columns[:, 3:] - (first * columns[:, 3:]).sum(1, keepdim=True) * first
    second = nn.functional.normalize(second, dim=1)
    return torch.stack((first, second, torch.linalg.cross(first, second)), dim=2)
