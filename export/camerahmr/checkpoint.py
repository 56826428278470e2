"""From the published CameraHMR checkpoint (SMPL) to our module: every tensor accounted for, constants folded."""

from collections.abc import Mapping

import torch
from torch import Tensor

from export.body.body_model import BodyModel
from export.camerahmr.model import PLACE_SIZE, CameraHmr
from export.hmr2.checkpoint import (
    backbone_shapes,
    decoder_shapes,
    folded_decoder,
    folded_readout,
    linear_shapes,
)
from export.hmr2.decoder import CAMERA_SIZE, POSE_SIZE, SHAPE_SIZE
from export.hmr2.sizes import PUBLISHED, Hmr2Sizes
from export.weights.checkpoint import Shape

QUERY_WIDTH = PLACE_SIZE + POSE_SIZE + SHAPE_SIZE + CAMERA_SIZE
"""What the query token is made from: place of the crop, mean pose, shape and camera (160 numbers)."""
IGNORED = ("smpl_head.deckp.*",)
"""Tensors of trunk and head that inference does not use: the key points that training also reads out."""

_EMBEDDING = "smpl_head.transformer.to_token_embedding"


def expected_shapes(sizes: Hmr2Sizes = PUBLISHED) -> dict[str, Shape]:
    """Return the shape of every tensor that inference needs, by its name in the checkpoint."""
    pose = linear_shapes("smpl_head.decpose", POSE_SIZE, sizes.decoder_dim)
    return dict((*backbone_shapes(sizes), *decoder_shapes(sizes, QUERY_WIDTH), *pose))


def fold(tensors: Mapping[str, Tensor], sizes: Hmr2Sizes = PUBLISHED) -> dict[str, Tensor]:
    """Return our module's state from the checkpoint's tensors; what `export.hmr2.checkpoint.fold` does, and the token.

    Of the token's 160 inputs only ``bbox_info`` varies: the mean parameters' part, the bias and the position are one
    constant.
    """
    state = dict(folded_decoder(tensors, sizes))
    weight = tensors[f"{_EMBEDDING}.weight"]
    means = torch.cat([tensors[f"smpl_head.{name}"][0] for name in ("init_body_pose", "init_betas", "init_cam")])
    # Summed in double precision: 157 products whose sum stands in every token.
    constant = weight[:, PLACE_SIZE:].double() @ means.double() + tensors[f"{_EMBEDDING}.bias"].double()
    state["decoder.query_token"] = constant.float() + tensors["smpl_head.transformer.pos_embedding"][0, 0]
    state["decoder.place.weight"] = weight[:, :PLACE_SIZE].contiguous()
    return state | dict(folded_readout(tensors, "pose", "decpose", "init_body_pose"))


def build(tensors: Mapping[str, Tensor], body: BodyModel, sizes: Hmr2Sizes = PUBLISHED) -> CameraHmr:
    """Return the module in evaluation mode."""
    model = CameraHmr(body, sizes).eval()
    model.load_state_dict(fold(tensors, sizes), strict=True, assign=True)
    return model.requires_grad_(requires_grad=False)
