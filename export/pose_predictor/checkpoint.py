"""From the published pose predictor to our module, the pose encoder included.

Upstream removes the prefix of the names with a global replacement that also mutilates ``pose_shape_encoder``; the load
is not strict, so those four tensors stay random there (PHALP, phalp/models/predictor/pose_transformer_v2.py). Here the
prefix is cut where it stands, and every tensor is accounted for.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from export.errors import TensorShapeError
from export.pose_predictor.model import BETAS, CAMERA, POSE_6D, PoseNormalisation, PoseTransformer
from export.pose_predictor.sizes import PREFIX, ChosenSizes, PoseTransformerSizes, sizes_of
from export.weights.checkpoint import Shape, read_checkpoint, state_dict, take_tensors
from export.weights.pickles import dense, read_npy
from tracker_service.types import POSE_SIZE

IGNORED = (
    "encoder.transformer.*",
    "encoder.class_token",
    "encoder.pos_embedding",
    "encoder.pe",
    "encoder.action_head_ava.*",
)
"""A stack that is never run, unused tokens and sinusoids, and the action classifier."""

_BODY = "encoder.smpl_head.0"
_PLACE = "encoder.loca_head.0"


def _affine(name: str, *shape: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]


def _layer(name: str, sizes: PoseTransformerSizes) -> Iterator[tuple[str, Shape]]:
    yield from _affine(f"{name}.0.norm", sizes.dim)
    yield f"{name}.0.fn.to_qkv.weight", (3 * sizes.inner, sizes.dim)
    yield from _affine(f"{name}.0.fn.to_out.0", sizes.dim, sizes.inner)
    yield from _affine(f"{name}.1.norm", sizes.dim)
    yield from _affine(f"{name}.1.fn.net.0", sizes.mlp_dim, sizes.dim)
    yield from _affine(f"{name}.1.fn.net.3", sizes.dim, sizes.mlp_dim)


def _shapes(sizes: PoseTransformerSizes) -> Iterator[tuple[str, Shape]]:
    dim = sizes.dim
    yield "encoder.mask_token", (dim,)
    yield "encoder.pos_embedding_learned1", (1, sizes.frame_length, dim)
    yield "encoder.pos_embedding_learned2", (1, sizes.frame_length, dim)
    for index in range(sizes.depth):
        yield from _layer(f"encoder.transformer1.layers.{index}", sizes)
    yield from _layer("encoder.transformer2.layers.0", sizes)
    yield from _affine("encoder.conv_en", dim, dim, sizes.kernel)
    yield from _affine("encoder.conv_de", dim, dim, sizes.kernel)
    yield from _affine("encoder.pose_shape_encoder.0", sizes.encoder_dim, POSE_SIZE)
    yield from _affine("encoder.pose_shape_encoder.2", dim, sizes.encoder_dim)
    for name, side in (("init_body_pose", POSE_6D), ("init_betas", BETAS), ("init_cam", CAMERA)):
        yield f"{_BODY}.{name}", (1, side)
    yield from _affine(f"{_BODY}.fc1", sizes.head_dim, dim + POSE_6D + BETAS + CAMERA)
    yield from _affine(f"{_BODY}.fc2", sizes.head_dim, sizes.head_dim)
    for name, side in (("decpose", POSE_6D), ("decshape", BETAS), ("deccam", CAMERA)):
        yield from _affine(f"{_BODY}.{name}", side, sizes.head_dim)
    yield from _affine(f"{_PLACE}.0", dim, dim)
    yield from _affine(f"{_PLACE}.2", dim, dim)
    yield from _affine(f"{_PLACE}.4", CAMERA, dim)


def expected_shapes(sizes: PoseTransformerSizes) -> dict[str, Shape]:
    """Return the shape of every tensor that prediction needs, by its name in the checkpoint."""
    return dict(_shapes(sizes))


def build(state: Mapping[str, Tensor], chosen: ChosenSizes, normalisation: PoseNormalisation) -> PoseTransformer:
    """Return the module for a checkpoint's tensors, in evaluation mode.

    Raises:
        MissingTensorError, UnexpectedTensorError, TensorShapeError: see `take_tensors`.
    """
    sizes = sizes_of(state, chosen)
    tensors = take_tensors(state, expected_shapes(sizes), IGNORED)
    model = PoseTransformer(sizes, normalisation).eval()
    model.load_state_dict(dict(_renamed(tensors, sizes)), strict=True)
    return model.requires_grad_(requires_grad=False)


def load_pose_predictor(path: Path, chosen: ChosenSizes, normalisation: PoseNormalisation) -> PoseTransformer:
    """Return the pose predictor of a published checkpoint."""
    return build(state_dict(read_checkpoint(path), "state_dict", path), chosen, normalisation)


def read_normalisation(path: Path) -> PoseNormalisation:
    """Return the normalisation of poses in the published `mean_std.npy`.

    Raises:
        TensorShapeError: it does not hold two equally long arrays of at most 229 numbers.
    """
    content = read_npy(path)
    if len(content) != 2:
        raise TensorShapeError(f"{path}: expected mean and deviation, got {len(content)} arrays")
    mean, deviation = (np.ravel(dense(np.asarray(part, np.float64), "mean_std")) for part in content)
    if mean.shape != deviation.shape or mean.size > POSE_SIZE:
        raise TensorShapeError(f"{path}: expected two arrays of up to {POSE_SIZE}, got {mean.shape}, {deviation.shape}")
    return PoseNormalisation(mean, deviation)


def _renamed(tensors: Mapping[str, Tensor], sizes: PoseTransformerSizes) -> Iterator[tuple[str, Tensor]]:
    names = {
        "encode1": "pose_shape_encoder.0",
        "encode2": "pose_shape_encoder.2",
        "gather_frames": "conv_en",
        "spread_frames": "conv_de",
        "body.fc1": "smpl_head.0.fc1",
        "body.fc2": "smpl_head.0.fc2",
        "place1": "loca_head.0.0",
        "place2": "loca_head.0.2",
        "place3": "loca_head.0.4",
    }
    stacks = {f"layers.{index}": f"transformer1.layers.{index}" for index in range(sizes.depth)}
    for ours, theirs in (stacks | {"last_layer": "transformer2.layers.0"}).items():
        yield f"{ours}.qkv.weight", tensors[f"{PREFIX}{theirs}.0.fn.to_qkv.weight"]
        parts = {"norm1": "0.norm", "out": "0.fn.to_out.0", "norm2": "1.norm"}
        parts |= {"widen": "1.fn.net.0", "narrow": "1.fn.net.3"}
        names |= {f"{ours}.{our}": f"{theirs}.{their}" for our, their in parts.items()}
    for ours, theirs in names.items():
        for kind in ("weight", "bias"):
            yield f"{ours}.{kind}", tensors[f"{PREFIX}{theirs}.{kind}"]
    yield "mask_token", tensors["encoder.mask_token"]
    yield "position1", tensors["encoder.pos_embedding_learned1"][0]
    yield "position2", tensors["encoder.pos_embedding_learned2"][0]
    initial = [tensors[f"{_BODY}.{name}"][0] for name in ("init_body_pose", "init_betas", "init_cam")]
    yield "body.initial", torch.cat(initial)
    for kind in ("weight", "bias"):
        increments = [tensors[f"{_BODY}.{name}.{kind}"] for name in ("decpose", "decshape", "deccam")]
        yield f"body.increment.{kind}", torch.cat(increments)
