"""SMPL's forward pass as a torch module that exports to a small graph (Loper et al., SIGGRAPH Asia 2015)."""

import numpy as np
import torch
from torch import Tensor, nn

from export.body.body_model import BodyModel
from tracker_service.types import Int64


def levels_of(parents: Int64) -> list[list[int]]:
    """Return the joints by their distance from the root: a level needs only the one before it."""
    depth = np.zeros(len(parents), np.int64)
    for joint in range(1, len(parents)):
        depth[joint] = depth[parents[joint]] + 1
    return [np.flatnonzero(depth == level).tolist() for level in range(int(depth.max()) + 1)]


class SmplLayer(nn.Module):
    """Poses the body and reads its 44 joints; everything in FP32.

    Args:
        body: template, blend shapes, skinning weights and joint maps.
        update_hips: move the two hips, as HMR2's wrapper can; off in both published configurations.
    """

    template: Tensor
    shape_directions: Tensor
    pose_directions: Tensor
    regressor: Tensor
    skinning: Tensor
    extra_vertices: Tensor
    joint_map: Tensor
    extra_regressor: Tensor
    from_levels: Tensor
    identity: Tensor

    def __init__(self, body: BodyModel, *, update_hips: bool = False) -> None:
        super().__init__()
        self._update_hips = update_hips
        self.count = len(body.v_template)
        self._levels = levels_of(body.parents)
        order = [joint for level in self._levels for joint in level]
        constants = {
            "template": body.v_template.reshape(-1),
            "shape_directions": body.shapedirs.reshape(-1, body.shapedirs.shape[-1]).T,
            "pose_directions": body.posedirs,
            "regressor": body.J_regressor,
            "skinning": body.lbs_weights,
            "extra_vertices": body.extra_vertices,
            "joint_map": body.joint_map,
            "extra_regressor": body.joint_regressor_extra,
            "from_levels": np.argsort(order),
            "identity": np.eye(3, dtype=np.float32),
        }
        for name, value in constants.items():
            self.register_buffer(name, torch.from_numpy(np.array(value)), persistent=False)
        for index, level in enumerate(self._levels[1:], start=1):
            above = body.parents[level].tolist()
            places = [self._levels[index - 1].index(parent) for parent in above]
            for kind, joints in (("level", level), ("parents", above), ("places", places)):
                self.register_buffer(f"{kind}_{index}", torch.tensor(joints), persistent=False)

    def forward(self, rotations: Tensor, betas: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, 44, 3) joints and (B, V, 3) vertices in metres of model space.

        Args:
            rotations: (B, 24, 3, 3) of each joint relative to its parent, the pelvis first.
            betas: (B, 10) shape coefficients.
        """
        shaped = self.template + betas @ self.shape_directions
        rest = self.regressor @ shaped.reshape(-1, self.count, 3)
        if self.pose_directions.numel():
            shaped = shaped + (rotations[:, 1:] - self.identity).flatten(1) @ self.pose_directions
        turned, moved = self._skeleton(rotations, rest)
        vertices = self._skin(shaped.reshape(-1, self.count, 3), rest, turned, moved)
        points = torch.cat((moved, vertices.index_select(1, self.extra_vertices)), dim=1)
        joints = points.index_select(1, self.joint_map)
        if self._update_hips:
            joints = _with_moved_hips(joints)
        return torch.cat((joints, self.extra_regressor @ vertices), dim=1), vertices

    def _skeleton(self, rotations: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, 24, 3, 3) rotations and (B, 24, 3) positions of the joints in model space, level by level."""
        turned, moved = [rotations[:, :1]], [rest[:, :1]]
        for index in range(1, len(self._levels)):
            joints = self.get_buffer(f"level_{index}")
            above = self.get_buffer(f"parents_{index}")
            places = self.get_buffer(f"places_{index}")
            bone = rest.index_select(1, joints) - rest.index_select(1, above)
            frame = turned[-1].index_select(1, places)
            moved.append(moved[-1].index_select(1, places) + (frame @ bone[..., None])[..., 0])
            turned.append(frame @ rotations.index_select(1, joints))
        order = self.from_levels
        return torch.cat(turned, dim=1).index_select(1, order), torch.cat(moved, dim=1).index_select(1, order)

    def _skin(self, shaped: Tensor, rest: Tensor, turned: Tensor, moved: Tensor) -> Tensor:
        """Linear blend skinning of the (B, V, 3) shaped vertices."""
        offsets = moved - (turned @ rest[..., None])[..., 0]
        transforms = torch.cat((turned, offsets[..., None]), dim=-1).flatten(2)
        blended = (self.skinning @ transforms).reshape(-1, self.count, 3, 4)
        # A product and a sum, not a matrix product: thousands of 3 x 3 products are slow in every runtime.
        return torch.add((blended[..., :3] * shaped[..., None, :]).sum(-1), blended[..., 3])


def _with_moved_hips(joints: Tensor) -> Tensor:
    """Return (B, 25, 3) joints with the hips moved as 4D-Humans' ``update_hips`` does (hmr2/models/smpl_wrapper.py).

    Its h + (h - other) / 4 + (mid - (h + other) / 2) / 2 is h + (mid - other) / 2.
    """
    mid, right, left = joints[:, 8], joints[:, 9], joints[:, 12]
    moved = torch.stack((right + (mid - left) / 2, joints[:, 10], joints[:, 11], left + (mid - right) / 2), dim=1)
    return torch.cat((joints[:, :9], moved, joints[:, 13:]), dim=1)
