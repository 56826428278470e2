"""Where a person stands before a camera whose focal length is known."""

import torch
from torch import Tensor

_TINY = 1e-9


def full_translation(camera: Tensor, bbox_info: Tensor) -> Tensor:
    """Return (B, 3) the translation of the model origin before the whole picture's camera, metres.

    CameraHMR, ``mesh_estimator.py``: z = 2 f / (b s), and what the box lies off the middle goes into x and y. With the
    focal length in ``bbox_info`` it drops out.

    Args:
        camera: (B, 3) weak perspective (s, tx, ty) of the crop.
        bbox_info: (B, 3) centre of the crop from the middle of the picture, x and y, and its side, each divided by the
            focal length in pixels.
    """
    scale, x, y = camera.unbind(-1)
    right, down, side = bbox_info.unbind(-1)
    spread = scale * side + _TINY
    return torch.stack((x + 2 * right / spread, y + 2 * down / spread, 2 / spread), dim=-1)
