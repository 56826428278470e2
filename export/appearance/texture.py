"""What a crop shows of a body's surface, as a texture map.

Upstream: ``HMR2023TextureSampler`` in 4D-Humans' ``track.py``, and ``process_uv_image`` of PHALP's HMAR.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from export.appearance.depth_map import DepthMap, to_pixels
from export.appearance.encoder import ATLAS_SIZE
from export.errors import TensorShapeError
from export.hmr2.camera import CROP_SIZE
from tracker_service.types import Float32, Int64

TOLERANCE = 1e-4
"""Metres a point may lie behind the nearest surface and still count as seen."""
_COLOUR_SCALE = 5.0


@dataclass(frozen=True, slots=True)
class Atlas:
    """Which point of the surface each texel shows.

    Attributes:
        face: (256, 256) int64 face of each texel, negative where there is none.
        weights: (256, 256, 3) float32 barycentric weights of the face's corners.
    """

    face: Int64
    weights: Float32

    def __post_init__(self) -> None:
        object.__setattr__(self, "face", np.asarray(self.face, np.int64))
        object.__setattr__(self, "weights", np.asarray(self.weights, np.float32))
        side = (ATLAS_SIZE, ATLAS_SIZE)
        if self.face.shape != side or self.weights.shape != (*side, 3):
            raise TensorShapeError(
                f"atlas: expected faces {side} and weights {(*side, 3)}, got {self.face.shape}, {self.weights.shape}"
            )


class TextureSampler(nn.Module):
    """Crop, mask and posed mesh to a texture map in the atlas.

    Args:
        faces: (F, 3) vertices of each face.
        atlas: texels of the surface.
    """

    texel_corners: Tensor
    texel_weights: Tensor
    texel_of_pixel: Tensor

    def __init__(self, faces: Int64, atlas: Atlas) -> None:
        super().__init__()
        used = atlas.face.reshape(-1) >= 0
        if atlas.face.max() >= len(faces):
            raise TensorShapeError(f"atlas: expected faces below {len(faces)}, got {int(atlas.face.max())}")
        corners = faces[atlas.face.reshape(-1)[used]]
        # Pixels of the atlas without a surface read the extra, empty texel at the end.
        places = np.where(used, np.cumsum(used) - 1, used.sum())
        self.depth_map = DepthMap(faces)
        self.register_buffer("texel_corners", torch.tensor(corners.reshape(-1)), persistent=False)
        weights = atlas.weights.reshape(-1, 3)[used]
        self.register_buffer("texel_weights", torch.tensor(weights), persistent=False)
        self.register_buffer("texel_of_pixel", torch.tensor(places), persistent=False)

    def visibility(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, N, 2) places of the texels in the crop, in grid-sample units, and (B, N) whether they are seen.

        Args:
            points: (B, V, 3) vertices before the crop's camera, metres.
        """
        corners = points.index_select(1, self.texel_corners).reshape(points.shape[0], -1, 3, 3)
        texels = (corners * self.texel_weights[..., None]).sum(2)
        places = to_pixels(texels) / (CROP_SIZE / 2) - 1
        # Outside the crop the sampled depth is 0, nearer than every texel: nothing is seen there.
        nearest = _sampled(self.depth_map(points)[:, None], places)[:, 0]
        return places, texels[..., 2] <= nearest + TOLERANCE

    def forward(self, image: Tensor, mask: Tensor, points: Tensor) -> Tensor:
        """Return (B, 4, 256, 256) the texture map: colour / 5 and alpha 1 where the person is seen, 0 and -1 elsewhere.

        Args:
            image: (B, 3, 256, 256) normalised crop.
            mask: (B, 256, 256) FP32, any positive value marks the person.
            points: (B, V, 3) vertices before the crop's camera, metres.
        """
        places, seen = self.visibility(points)
        layers = torch.cat((image, mask.clamp(0, 1)[:, None]), dim=1)
        samples = _sampled(layers, places)
        samples = torch.cat((samples[:, :3], samples[:, 3:] * seen[:, None]), dim=1)
        padded = functional.pad(samples, (0, 1))
        maps = padded.index_select(2, self.texel_of_pixel).reshape(-1, 4, ATLAS_SIZE, ATLAS_SIZE)
        return finished(maps)


def finished(maps: Tensor) -> Tensor:
    """Return (B, 4, H, W) with alpha made 1 or -1, colour divided by 5, and no colour where nothing was seen."""
    seen = (maps[:, 3:] != 0).to(maps.dtype)
    return torch.cat((maps[:, :3] / _COLOUR_SCALE * seen, 2 * seen - 1), dim=1)


def _sampled(layers: Tensor, places: Tensor) -> Tensor:
    """Return (B, C, N) bilinear samples of (B, C, H, W) at (B, N, 2), zero outside; -1 is the edge of pixel 0."""
    samples = functional.grid_sample(
        layers, places[:, :, None], mode="bilinear", padding_mode="zeros", align_corners=False
    )
    return samples[..., 0]
