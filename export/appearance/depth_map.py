"""A mesh rasteriser out of operators that every runtime has: the depth of the nearest face behind each pixel.

ONNX has no rasteriser. Faces of a body in a 256-pixel crop are small, so each face looks at a small window of pixels at
its place, computes its depth where a pixel centre lies inside it, and a scatter with minimum keeps the nearest. Faces
are sorted by size; the few large ones (a person close to the camera) get large windows. Inside the windows the result
is exact, with the rules of upstream's rasteriser (neural_renderer): pixel centres at half numbers, inclusive edges,
both sides of a face, perspective-correct depth.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from export.hmr2.camera import CROP_SIZE, FOCAL_LENGTH
from tracker_service.types import Int64

NEAR, FAR = 0.1, 100.0
"""Depths beyond these are not drawn; FAR is also the background."""


class Tier(NamedTuple):
    """How many faces, in order of size, get a window of how many pixels."""

    faces: int
    window: int


TIERS = (Tier(32, 64), Tier(480, 32), Tier(1536, 16), Tier(3072, 8), Tier(5120, 4))
"""Enough for a body that fills the crop (exact at scales 0.5 to 4, measured); faces without a pixel need no window.

More or larger windows cost time and memory in proportion to faces x window squared (1.3 million pixels in all here) and
matter only for bodies so close that hundreds of faces are larger than 32 pixels.
"""


def to_pixels(points: Tensor) -> Tensor:
    """Return (B, n, 2) positions in the crop, pixels, of (B, n, 3) points before the crop's camera."""
    return torch.add(FOCAL_LENGTH * points[..., :2] / (points[..., 2:] + 1e-9), CROP_SIZE / 2)


class DepthMap(nn.Module):
    """Draws the depth of a mesh.

    Args:
        faces: (F, 3) vertices of each face, in either winding.
        tiers: windows by rank of size.
    """

    corners_of_faces: Tensor

    def __init__(self, faces: Int64, tiers: tuple[Tier, ...] = TIERS) -> None:
        super().__init__()
        self.register_buffer("corners_of_faces", torch.tensor(faces.reshape(-1)), persistent=False)
        self._tiers = _fitted(tiers, len(faces))
        for index, tier in enumerate(self._tiers):
            steps = torch.arange(tier.window, dtype=torch.float32)
            self.register_buffer(f"steps_{index}", steps, persistent=False)

    def forward(self, points: Tensor) -> Tensor:
        """Return (B, 256, 256) depth in metres, FAR where there is no face.

        Args:
            points: (B, V, 3) vertices before the crop's camera, metres.
        """
        batch = points.shape[0]
        projected = torch.cat((to_pixels(points), points[..., 2:]), dim=-1)
        corners = projected.index_select(1, self.corners_of_faces).reshape(batch, -1, 9)
        first, size = _extents(corners)
        count = sum(tier.faces for tier in self._tiers)
        largest = torch.topk(size, count, dim=1).indices[..., None]
        corners = corners.gather(1, largest.expand(-1, -1, 9))
        first = first.gather(1, largest.expand(-1, -1, 2))
        depth = torch.full_like(points[:, :1, 0], FAR).expand(-1, CROP_SIZE * CROP_SIZE)
        start = 0
        for index, tier in enumerate(self._tiers):
            rows = slice(start, start + tier.faces)
            place, value = _window(corners[:, rows], first[:, rows], self.get_buffer(f"steps_{index}"))
            depth = depth.scatter_reduce(1, place.flatten(1), value.flatten(1), "amin")
            start += tier.faces
        return depth.reshape(batch, CROP_SIZE, CROP_SIZE)


def _fitted(tiers: tuple[Tier, ...], faces: int) -> tuple[Tier, ...]:
    """Cut the tiers down to the faces that exist."""
    fitted = []
    for tier in tiers:
        fitted.append(Tier(min(tier.faces, faces), tier.window))
        faces -= fitted[-1].faces
    return tuple(tier for tier in fitted if tier.faces)


def _extents(corners: Tensor) -> tuple[Tensor, Tensor]:
    """Return (B, F, 2) first pixel and (B, F) larger side, in pixels of the crop, 0 for faces without pixel centres."""
    shaped = corners.reshape(corners.shape[0], -1, 3, 3)
    first = torch.ceil(shaped[..., :2].amin(2) - 0.5).clamp(0, CROP_SIZE)
    last = torch.floor(shaped[..., :2].amax(2) - 0.5).clamp(-1, CROP_SIZE - 1)
    sides = last - first + 1
    drawn = (sides.amin(-1) > 0) & (shaped[..., 2].amin(-1) > NEAR)
    return first, sides.amax(-1) * drawn


def _window(corners: Tensor, first: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
    """Return (B, n, K, K) flat pixel numbers and depths of n faces, FAR where a pixel is not the face's."""
    column = first[..., 0, None, None] + steps
    row = first[..., 1, None, None] + steps[:, None]
    x = [corners[..., 3 * corner, None, None] - column - 0.5 for corner in range(3)]
    y = [corners[..., 3 * corner + 1, None, None] - row - 0.5 for corner in range(3)]
    areas = [x[a] * y[b] - x[b] * y[a] for a, b in ((1, 2), (2, 0), (0, 1))]
    total = areas[0] + areas[1] + areas[2]
    weights = [area / total for area in areas]
    inside = (weights[0] >= 0) & (weights[1] >= 0) & (weights[2] >= 0)
    inside = inside & (column < CROP_SIZE) & (row < CROP_SIZE)
    shares = [weight / corners[..., 3 * corner + 2, None, None] for corner, weight in enumerate(weights)]
    depth = 1 / torch.where(inside, shares[0] + shares[1] + shares[2], 1 / FAR)
    depth = torch.where(inside & (depth > NEAR), depth, FAR).clamp(max=FAR)
    place = row.clamp(max=CROP_SIZE - 1) * CROP_SIZE + column.clamp(max=CROP_SIZE - 1)
    return place.to(torch.int64), depth
