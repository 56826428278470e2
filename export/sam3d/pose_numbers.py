"""From the 519 numbers of the pose head to the 204 parameters of the rig.

The numbers are 6 for the body's direction, 260 for its joints (23 rotations of 6, 58 pairs of sine and cosine, 6
translations), 45 of shape, 28 of scales, 54 for each hand and 72 of the face, which is left out.
"""

import torch
from torch import Tensor, nn

from export.hmr2.rotation import rotation_from_6d
from export.sam3d.angles import arc_tangent, euler_angles
from export.sam3d.rig_constants import BODY_PARAMETERS, SCALE_PARAMETERS

PARTS = (6, 260, 45, 28, 108, 72)
POSE_SIZE = sum(PARTS)
SHAPE_SIZE = PARTS[2]
_TURNS, _PAIRS = 23, 58
_ROOT = 6
_HAND_ANGLES = 54
_LEVEL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


class PoseNumbers(nn.Module):
    """Reads rotations, angles, shape and scales. The tables that the real weights bring are made up here.

    Args:
        seed: of those tables.
    """

    scale_mean: Tensor
    scale_directions: Tensor
    hand_mean: Tensor
    hand_directions: Tensor
    upright: Tensor

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.register_buffer("scale_mean", torch.zeros(SCALE_PARAMETERS), persistent=False)
        directions = 0.1 * torch.randn(PARTS[3], SCALE_PARAMETERS, generator=generator)
        self.register_buffer("scale_directions", directions, persistent=False)
        components = 0.1 * torch.randn(PARTS[4], 2 * _HAND_ANGLES, generator=generator)
        self.register_buffer("hand_directions", components, persistent=False)
        self.register_buffer("hand_mean", torch.tensor((0.0, 1.0)).repeat(_HAND_ANGLES), persistent=False)
        body = (*_LEVEL * _TURNS, *(0.0, 1.0) * _PAIRS, *(0.0,) * 6)
        upright = torch.tensor((*_LEVEL, *body, *(0.0,) * sum(PARTS[2:])))
        self.register_buffer("upright", upright, persistent=False)

    def forward(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, 204) parameters and (B, 45) shape of (B, 519) numbers, which are added to an upright body's."""
        direction, body, shape, scales, hands, _ = torch.split(numbers + self.upright, list(PARTS), dim=1)
        turns, pairs, moves = torch.split(body, [6 * _TURNS, 2 * _PAIRS, 6], dim=1)
        angles = torch.cat(
            (euler_angles(rotation_from_6d(turns.reshape(-1, _TURNS, 6))).flatten(1), _angles(pairs), moves), dim=1
        )
        fingers = _angles(self.hand_mean + hands @ self.hand_directions)
        held = BODY_PARAMETERS - _ROOT - _HAND_ANGLES
        root = euler_angles(rotation_from_6d(direction))
        scale = self.scale_mean + scales @ self.scale_directions
        return torch.cat((torch.zeros_like(root), root, angles[:, :held], fingers, scale), dim=1), shape


def _angles(pairs: Tensor) -> Tensor:
    """Return (B, n) angles of (B, 2 n) sines and cosines, in turns."""
    return arc_tangent(pairs[:, 0::2], pairs[:, 1::2])
