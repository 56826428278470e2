"""The weak-perspective camera of a crop as a translation, and its projection (4D-Humans, hmr2/models/hmr2.py)."""

import torch
from torch import Tensor

from tracker_service.types.phalp_vectors import HMR_FOCAL_LENGTH, HMR_IMAGE_SIZE

FOCAL_LENGTH = HMR_FOCAL_LENGTH
"""Pixels, for the 256-pixel crop."""
CROP_SIZE = HMR_IMAGE_SIZE
"""Side of the square crop, pixels."""


def crop_translation(camera: Tensor) -> Tensor:
    """Return (..., 3) the translation (tx, ty, 2 f / (256 s)) that puts the body before the crop's camera, metres.

    Args:
        camera: (..., 3) weak perspective (s, tx, ty). A larger s means a larger, nearer person.
    """
    scale, x, y = camera.unbind(-1)
    return torch.stack((x, y, 2 * FOCAL_LENGTH / (CROP_SIZE * scale + 1e-9)), dim=-1)


def project_to_crop(points: Tensor, translation: Tensor) -> Tensor:
    """Return (..., n, 2) positions in the crop, in units of its side, the centre being (0, 0).

    Args:
        points: (..., n, 3) model space, metres.
        translation: (..., 3) from `crop_translation`.
    """
    placed = points + translation[..., None, :]
    return placed[..., :2] / placed[..., 2:] * (FOCAL_LENGTH / CROP_SIZE)
