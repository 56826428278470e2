"""From the published HMR2 checkpoint to our module: every tensor accounted for, constants folded."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from export.body.body_model import BodyModel
from export.hmr2.backbone import PATCH, TOKENS
from export.hmr2.decoder import CAMERA_SIZE, POSE_SIZE, SHAPE_SIZE
from export.hmr2.model import Hmr2
from export.hmr2.sizes import PUBLISHED, Hmr2Sizes
from export.weights.checkpoint import Shape, read_checkpoint, state_dict, take_tensors

IGNORED = ("initialized", "discriminator.*", "smpl.*")
"""Tensors of the checkpoint that inference does not use: a training flag, the adversarial critic, a copy of SMPL."""

_LAYERS = "smpl_head.transformer.transformer.layers"


def linear_shapes(name: str, rows: int, columns: int, *, bias: bool = True) -> Iterator[tuple[str, Shape]]:
    """Yield the tensors of a linear layer."""
    yield f"{name}.weight", (rows, columns)
    if bias:
        yield f"{name}.bias", (rows,)


def norm_shapes(name: str, dim: int) -> Iterator[tuple[str, Shape]]:
    """Yield the tensors of a LayerNorm."""
    yield f"{name}.weight", (dim,)
    yield f"{name}.bias", (dim,)


def backbone_shapes(sizes: Hmr2Sizes) -> Iterator[tuple[str, Shape]]:
    """Yield the tensors of the trunk, the same in the whole family."""
    dim = sizes.embed_dim
    yield "backbone.pos_embed", (1, TOKENS + 1, dim)
    yield "backbone.patch_embed.proj.weight", (dim, 3, PATCH, PATCH)
    yield "backbone.patch_embed.proj.bias", (dim,)
    for index in range(sizes.depth):
        block = f"backbone.blocks.{index}"
        yield from norm_shapes(f"{block}.norm1", dim)
        yield from linear_shapes(f"{block}.attn.qkv", 3 * dim, dim)
        yield from linear_shapes(f"{block}.attn.proj", dim, dim)
        yield from norm_shapes(f"{block}.norm2", dim)
        yield from linear_shapes(f"{block}.mlp.fc1", 4 * dim, dim)
        yield from linear_shapes(f"{block}.mlp.fc2", dim, 4 * dim)
    yield from norm_shapes("backbone.last_norm", dim)


def decoder_shapes(sizes: Hmr2Sizes, query_width: int = 1) -> Iterator[tuple[str, Shape]]:
    """Yield the tensors of the head that the whole family has, all but the pose's.

    Args:
        sizes: channels and depths.
        query_width: numbers that the query token is made from.
    """
    dim, inner = sizes.decoder_dim, sizes.decoder_inner
    yield "smpl_head.init_body_pose", (1, POSE_SIZE)
    yield "smpl_head.init_betas", (1, SHAPE_SIZE)
    yield "smpl_head.init_cam", (1, CAMERA_SIZE)
    yield "smpl_head.transformer.pos_embedding", (1, 1, dim)
    yield from linear_shapes("smpl_head.transformer.to_token_embedding", dim, query_width)
    for index in range(sizes.decoder_depth):
        for part in range(3):
            yield from norm_shapes(f"{_LAYERS}.{index}.{part}.norm", dim)
        yield from linear_shapes(f"{_LAYERS}.{index}.0.fn.to_qkv", 3 * inner, dim, bias=False)
        yield from linear_shapes(f"{_LAYERS}.{index}.0.fn.to_out.0", dim, inner)
        yield from linear_shapes(f"{_LAYERS}.{index}.1.fn.to_kv", 2 * inner, sizes.embed_dim, bias=False)
        yield from linear_shapes(f"{_LAYERS}.{index}.1.fn.to_q", inner, dim, bias=False)
        yield from linear_shapes(f"{_LAYERS}.{index}.1.fn.to_out.0", dim, inner)
        yield from linear_shapes(f"{_LAYERS}.{index}.2.fn.net.0", sizes.decoder_mlp_dim, dim)
        yield from linear_shapes(f"{_LAYERS}.{index}.2.fn.net.3", dim, sizes.decoder_mlp_dim)
    yield from linear_shapes("smpl_head.decshape", SHAPE_SIZE, dim)
    yield from linear_shapes("smpl_head.deccam", CAMERA_SIZE, dim)


def expected_shapes(sizes: Hmr2Sizes = PUBLISHED) -> dict[str, Shape]:
    """Return the shape of every tensor that inference needs, by its name in the checkpoint (503 of them)."""
    pose = linear_shapes("smpl_head.decpose", POSE_SIZE, sizes.decoder_dim)
    return dict((*backbone_shapes(sizes), *decoder_shapes(sizes), *pose))


def fold(tensors: Mapping[str, Tensor], sizes: Hmr2Sizes = PUBLISHED) -> dict[str, Tensor]:
    """Return our module's state from the checkpoint's tensors.

    The class slot of the position table is added to every patch; the query token is the embedding's bias plus its
    position (its input is the constant 0); of the one-token self-attention only the value rows are kept; the key and
    value projections of all layers become one; the mean parameters are added to the readouts' biases.
    """
    state = dict(folded_decoder(tensors, sizes))
    state["decoder.query_token"] = (
        tensors["smpl_head.transformer.to_token_embedding.bias"] + tensors["smpl_head.transformer.pos_embedding"][0, 0]
    )
    return state | dict(folded_readout(tensors, "pose", "decpose", "init_body_pose"))


def folded_decoder(tensors: Mapping[str, Tensor], sizes: Hmr2Sizes) -> Iterator[tuple[str, Tensor]]:
    """Yield the state of the trunk, the decoder's layers and the readouts of shape and camera."""
    yield from _folded_backbone(tensors, sizes)
    keys_values = [tensors[f"{_LAYERS}.{index}.1.fn.to_kv.weight"] for index in range(sizes.decoder_depth)]
    yield "decoder.keys_values.weight", torch.cat(keys_values)
    for index in range(sizes.decoder_depth):
        yield from _folded_layer(tensors, sizes, index)
    yield from folded_readout(tensors, "betas", "decshape", "init_betas")
    yield from folded_readout(tensors, "camera", "deccam", "init_cam")


def folded_readout(tensors: Mapping[str, Tensor], ours: str, theirs: str, mean: str) -> Iterator[tuple[str, Tensor]]:
    """Yield the state of a readout with the mean of what it reads in its bias."""
    yield f"decoder.readout_{ours}.weight", tensors[f"smpl_head.{theirs}.weight"]
    yield f"decoder.readout_{ours}.bias", tensors[f"smpl_head.{theirs}.bias"] + tensors[f"smpl_head.{mean}"][0]


def _folded_backbone(tensors: Mapping[str, Tensor], sizes: Hmr2Sizes) -> Iterator[tuple[str, Tensor]]:
    table = tensors["backbone.pos_embed"][0]
    yield "backbone.position", table[1:] + table[:1]
    names = {"backbone.patches": "backbone.patch_embed.proj", "backbone.norm": "backbone.last_norm"}
    parts = {
        "norm1": "norm1",
        "attention.qkv": "attn.qkv",
        "attention.out": "attn.proj",
        "norm2": "norm2",
        "feed_forward.widen": "mlp.fc1",
        "feed_forward.narrow": "mlp.fc2",
    }
    for index in range(sizes.depth):
        names |= {
            f"backbone.blocks.{index}.{ours}": f"backbone.blocks.{index}.{their}" for ours, their in parts.items()
        }
    yield from _renamed(tensors, names)


def _folded_layer(tensors: Mapping[str, Tensor], sizes: Hmr2Sizes, index: int) -> Iterator[tuple[str, Tensor]]:
    ours, theirs = f"decoder.layers.{index}", f"{_LAYERS}.{index}"
    yield f"{ours}.self_value.weight", tensors[f"{theirs}.0.fn.to_qkv.weight"][-sizes.decoder_inner :]
    yield f"{ours}.query.weight", tensors[f"{theirs}.1.fn.to_q.weight"]
    names = {
        "self_norm": "0.norm",
        "self_out": "0.fn.to_out.0",
        "cross_norm": "1.norm",
        "cross_out": "1.fn.to_out.0",
        "feed_norm": "2.norm",
        "feed_forward.widen": "2.fn.net.0",
        "feed_forward.narrow": "2.fn.net.3",
    }
    yield from _renamed(tensors, {f"{ours}.{our}": f"{theirs}.{their}" for our, their in names.items()})


def _renamed(tensors: Mapping[str, Tensor], names: Mapping[str, str]) -> Iterator[tuple[str, Tensor]]:
    for ours, theirs in names.items():
        for kind in ("weight", "bias"):
            yield f"{ours}.{kind}", tensors[f"{theirs}.{kind}"]


def build(tensors: Mapping[str, Tensor], body: BodyModel, sizes: Hmr2Sizes = PUBLISHED) -> Hmr2:
    """Return the module in evaluation mode; it uses the given tensors themselves, so a mapped file stays mapped."""
    model = Hmr2(body, sizes).eval()
    model.load_state_dict(fold(tensors, sizes), strict=True, assign=True)
    return model.requires_grad_(requires_grad=False)


def load_hmr2(path: Path, body: BodyModel, sizes: Hmr2Sizes = PUBLISHED) -> Hmr2:
    """Return HMR2 with the weights of a published checkpoint (PyTorch Lightning container), checked strictly.

    Raises:
        MissingFileError, UnreadableFileError, UnsafePickleError: see `read_checkpoint`.
        MissingTensorError, UnexpectedTensorError, TensorShapeError: see `take_tensors`.
    """
    state = state_dict(read_checkpoint(path), "state_dict", path)
    return build(take_tensors(state, expected_shapes(sizes), IGNORED), body, sizes)
