"""SMPL's forward pass as a torch module that exports to a small graph (Loper et al., SIGGRAPH Asia 2015)."""

import numpy as np
import torch
from torch import Tensor, nn

from export.body.body_model import BodyModel
from tracker_service.types import Int64


def ancestors_of(parents: Int64) -> list[Int64]:
    """Return (J + 1,) tables of the joints 1, 2, 4 ... levels above each of J; J stands for what is above the root."""
    above = np.append(parents, len(parents))
    above[0] = len(parents)
    tables = []
    while (above < len(parents)).any():
        tables.append(above)
        above = above[above]
    return tables


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
    identity: Tensor
    rows: Tensor
    given: Tensor
    resting: Tensor

    def __init__(self, body: BodyModel, *, update_hips: bool = False) -> None:
        super().__init__()
        self._update_hips = update_hips
        self.count = len(body.v_template)
        self._joints = len(body.parents)
        given = np.zeros((self._joints + 1, 4, 1), np.float32)
        given[:-1, :3] = 1
        rows = np.zeros((self._joints + 1, 4), np.int64)
        rows[:-1, :3] = np.arange(3 * self._joints).reshape(-1, 3)
        constants = {
            "template": body.v_template.reshape(-1),
            "shape_directions": body.shapedirs.reshape(-1, body.shapedirs.shape[-1]).T,
            "pose_directions": body.posedirs,
            "regressor": body.J_regressor,
            "skinning": body.lbs_weights,
            "extra_vertices": body.extra_vertices,
            "joint_map": body.joint_map,
            "extra_regressor": body.joint_regressor_extra,
            "identity": np.eye(3, dtype=np.float32),
            "rows": rows.reshape(-1),
            "given": given,
            "resting": (1 - given) * np.eye(4, dtype=np.float32),
        }
        for name, value in constants.items():
            self.register_buffer(name, torch.from_numpy(np.array(value)), persistent=False)
        tables = ancestors_of(body.parents)
        self._rounds = len(tables)
        for index, table in enumerate(tables):
            self.register_buffer(f"ancestors_{index}", torch.from_numpy(table), persistent=False)

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
        places = rest[..., None]
        transforms = self._skeleton(rotations, places)
        vertices = self._skin(shaped.reshape(-1, self.count, 3), transforms)
        moved = transforms[..., :3] @ places + transforms[..., 3:]
        points = torch.cat((moved[..., 0], vertices.index_select(1, self.extra_vertices)), dim=1)
        joints = points.index_select(1, self.joint_map)
        if self._update_hips:
            joints = _with_moved_hips(joints)
        return torch.cat((joints, self.extra_regressor @ vertices), dim=1), vertices

    def _skeleton(self, rotations: Tensor, places: Tensor) -> Tensor:
        """Return (B, 24, 3, 4) transforms, of each joint from rest to its pose in model space.

        A joint turns what hangs on it about its own place, and then its ancestors do the same. Pointer doubling: each
        round puts before every joint's transform that of the ancestor 1, 2, 4 and at last 8 levels above. Four rounds
        of two steps take the place of eight levels of eleven: fewer kernels on a GPU, and a quicker export.

        Args:
            rotations: (B, 24, 3, 3) of each joint relative to its parent.
            places: (B, 24, 3, 1) of the joints at rest.
        """
        own = torch.cat((rotations, places - rotations @ places), dim=-1)
        # (B, 25, 4, 4) with last rows, and a joint above the root that rests. To append constants, the graph would
        # have to expand them to the batch.
        square = own.flatten(1, 2).index_select(1, self.rows).reshape(-1, self._joints + 1, 4, 4)
        transforms = square * self.given + self.resting
        for index in range(self._rounds):
            transforms = transforms.index_select(1, self.get_buffer(f"ancestors_{index}")) @ transforms
        return transforms[:, : self._joints, :3]

    def _skin(self, shaped: Tensor, transforms: Tensor) -> Tensor:
        """Linear blend skinning of the (B, V, 3) shaped vertices by the (B, 24, 3, 4) transforms."""
        blended = (self.skinning @ transforms.flatten(2)).reshape(-1, self.count, 3, 4)
        # A product and a sum, not a matrix product: thousands of 3 x 3 products are slow in every runtime.
        return torch.add((blended[..., :3] * shaped[..., None, :]).sum(-1), blended[..., 3])


def _with_moved_hips(joints: Tensor) -> Tensor:
    """Return (B, 25, 3) joints with the hips moved as 4D-Humans' ``update_hips`` does (hmr2/models/smpl_wrapper.py).

    Its h + (h - other) / 4 + (mid - (h + other) / 2) / 2 is h + (mid - other) / 2.
    """
    mid, right, left = joints[:, 8], joints[:, 9], joints[:, 12]
    moved = torch.stack((right + (mid - left) / 2, joints[:, 10], joints[:, 11], left + (mid - right) / 2), dim=1)
    return torch.cat((joints[:, :9], moved, joints[:, 13:]), dim=1)
