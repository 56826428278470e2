"""A body like MHR as a torch module that exports: float32, joints level by level, skinning by a padded gather.

What differs from MHR's own module: rotations are matrices instead of quaternions, the loop over parents and children is
unrolled, each vertex gathers a fixed number of joints instead of joints adding to vertices, and keypoints can be had
without the rest of the surface.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from export.sam3d.angles import rotation_of
from export.sam3d.rig_constants import JOINT_NUMBERS, UNCORRECTED, RigConstants
from tracker_service.types import Int64

METRES = 0.01
"""In a centimetre."""


def levels_of(parents: Int64) -> list[list[int]]:
    """Return the joints by their distance from the root: a level needs only the one before it."""
    depth = np.zeros(len(parents), np.int64)
    for joint in range(1, len(parents)):
        depth[joint] = depth[parents[joint]] + 1
    return [np.flatnonzero(depth == level).tolist() for level in range(int(depth.max()) + 1)]


class PosedJoints(NamedTuple):
    """(B, J, 3, 4) turned and scaled axes and places in centimetres, (B, F) features of their own rotations."""

    placed: Tensor
    features: Tensor

    @property
    def axes(self) -> Tensor:
        """(B, J, 3, 3) turned and scaled axes."""
        return self.placed[..., :3]

    @property
    def places(self) -> Tensor:
        """(B, J, 3) places, centimetres."""
        return self.placed[..., 3]


class Skeleton(nn.Module):
    """Places the joints.

    Args:
        rig: the tables.
    """

    offsets: Tensor
    frames: Tensor
    transform: Tensor
    last_row: Tensor
    by_level: Tensor
    from_levels: Tensor

    def __init__(self, rig: RigConstants) -> None:
        super().__init__()
        self._levels = levels_of(rig.parents)
        order = [joint for level in self._levels for joint in level]
        self._places = [
            [self._levels[index].index(int(rig.parents[joint])) for joint in level]
            for index, level in enumerate(self._levels[1:])
        ]
        for name in ("offsets", "frames", "transform"):
            self.register_buffer(name, torch.from_numpy(getattr(rig, name)), persistent=False)
        self.register_buffer("last_row", torch.tensor((0.0, 0.0, 0.0, 1.0)), persistent=False)
        self.register_buffer("by_level", torch.tensor(order), persistent=False)
        self.register_buffer("from_levels", torch.from_numpy(np.argsort(order)), persistent=False)

    def forward(self, parameters: Tensor) -> PosedJoints:
        """Place the joints of (B, 204) parameters."""
        flat = functional.linear(parameters, self.transform)
        numbers = flat.reshape(-1, self.offsets.shape[0], JOINT_NUMBERS)
        turns = rotation_of(numbers[..., 3:6])
        axes = self.frames @ turns * (math.log(2) * numbers[..., 6:]).exp()[..., None]
        moved = self.offsets + numbers[..., :3]
        upper = torch.cat((axes, moved[..., None]), dim=-1)
        local = torch.cat((upper, self.last_row.expand(upper.shape[0], self.offsets.shape[0], 1, 4)), dim=2)[
            :, self.by_level
        ]
        first = 0
        placed: list[Tensor] = []
        for index, level in enumerate(self._levels):
            own = local[:, first : first + len(level)]
            placed.append(placed[-1][:, self._places[index - 1]] @ own if index else own)
            first += len(level)
        features = turns[:, UNCORRECTED:, :, :2].flatten(1)
        return PosedJoints(torch.cat(placed, dim=1)[:, self.from_levels, :3], features)


class Surface(nn.Module):
    """Places some vertices; correct for these alone whatever the others do.

    Args:
        rig: the tables.
        vertices: (n,) which.
        rest: where the joints are when all parameters are zero.
    """

    template: Tensor
    shapes: Tensor
    narrow: Tensor
    influences: Tensor
    weights: Tensor
    to_rest: Tensor
    at_rest: Tensor

    def __init__(self, rig: RigConstants, vertices: Int64, rest: PosedJoints) -> None:
        super().__init__()
        self._count, self._joints = rig.influences[vertices].shape
        tables = {
            "template": rig.template[vertices].reshape(-1),
            "shapes": rig.shapes[:, vertices].reshape(len(rig.shapes), -1),
            "narrow": rig.narrow[vertices].reshape(3 * len(vertices), -1),
            "influences": rig.influences[vertices].reshape(-1),
            "weights": rig.weights[vertices][..., None],
        }
        for name, value in tables.items():
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(value)), persistent=False)
        self.register_buffer("to_rest", torch.linalg.inv(rest.axes[0]), persistent=False)
        self.register_buffer("at_rest", rest.places[0], persistent=False)

    def forward(self, joints: PosedJoints, shape: Tensor, hidden: Tensor) -> Tensor:
        """Return (B, n, 3) vertices, centimetres; ``hidden``: (B, H) of the pose's corrections."""
        flat = self.template + shape @ self.shapes + functional.linear(hidden, self.narrow)
        resting = flat.reshape(-1, self._count, 3)
        turned = joints.axes @ self.to_rest
        shifted = joints.places - (turned @ self.at_rest[..., None])[..., 0]
        moving = torch.cat((turned.flatten(2), shifted), dim=-1)
        gathered = moving[:, self.influences].reshape(-1, self._count, self._joints, 12)
        blended = (gathered * self.weights).sum(dim=2)
        axes = blended[..., :9].reshape(-1, self._count, 3, 3)
        return torch.add((axes @ resting[..., None])[..., 0], blended[..., 9:])


class Rig(nn.Module):
    """The body: parameters and shape to joints, vertices and keypoints, in metres, y and z turned as the camera's.

    Args:
        rig: the tables.
    """

    widen: Tensor
    upright: Tensor
    keypoint_joints: Tensor
    keypoint_vertices: Tensor
    flip: Tensor

    def __init__(self, rig: RigConstants) -> None:
        super().__init__()
        self.skeleton = Skeleton(rig)
        rest = self.skeleton(torch.zeros(1, rig.transform.shape[1]))
        needed = np.flatnonzero(rig.keypoint_vertices.any(axis=0))
        self.whole = Surface(rig, np.arange(len(rig.template)), rest)
        self.read = Surface(rig, needed, rest)
        self.register_buffer("widen", torch.from_numpy(rig.widen), persistent=False)
        self.register_buffer("upright", rest.features[0], persistent=False)
        self.register_buffer("keypoint_joints", torch.from_numpy(rig.keypoint_joints), persistent=False)
        points = np.ascontiguousarray(rig.keypoint_vertices[:, needed])
        self.register_buffer("keypoint_vertices", torch.from_numpy(points), persistent=False)
        self.register_buffer("flip", torch.tensor((METRES, -METRES, -METRES)), persistent=False)

    def keypoints(self, parameters: Tensor, shape: Tensor) -> Tensor:
        """Return (B, P, 3) keypoints alone, without the rest of the surface: what the decoder needs after a layer."""
        joints = self.skeleton(parameters)
        return self._keypoints(joints, self.read(joints, shape, self._hidden(joints))) * self.flip

    def forward(self, parameters: Tensor, shape: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return (B, J, 3) joints, (B, V, 3) vertices and (B, P, 3) keypoints.

        Args:
            parameters: (B, 204).
            shape: (B, S).
        """
        joints = self.skeleton(parameters)
        hidden = self._hidden(joints)
        points = self._keypoints(joints, self.read(joints, shape, hidden))
        vertices: Tensor = self.whole(joints, shape, hidden)
        return joints.places * self.flip, vertices * self.flip, points * self.flip

    def _hidden(self, joints: PosedJoints) -> Tensor:
        return functional.linear(joints.features - self.upright, self.widen).relu()

    def _keypoints(self, joints: PosedJoints, vertices: Tensor) -> Tensor:
        return self.keypoint_joints @ joints.places + self.keypoint_vertices @ vertices
