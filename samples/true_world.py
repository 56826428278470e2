"""The truth of a clip in the axes in which results place people."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from samples.truth import ClipTruth
from tracker_service.body.joints import JOINT_INDEX
from tracker_service.camera.world.turning import levelling
from tracker_service.types import Bool, Float64

_NECK, _MID_HIP, _RIGHT_HIP, _LEFT_HIP = (JOINT_INDEX[name] for name in ("neck", "mid_hip", "right_hip", "left_hip"))


@dataclass(frozen=True, slots=True, eq=False)
class TrueWorld:
    """The truth in the axes of results: from the camera, level, as the first camera looks.

    Attributes:
        positions: (T, n, 3) middle of the hips, metres.
        headings: (T, n) radians.
        trunks: (T, n) height of the neck above the hips as a share of their distance; below 0 upside down.
        contacts: (T, n, 2) bool.
        up: (3,) the vertical, in the axes of the first camera.
    """

    positions: Float64
    headings: Float64
    trunks: Float64
    contacts: Bool
    up: Float64

    @classmethod
    def of(cls, truth: ClipTruth) -> Self:
        """Return the truth of a clip."""
        first = truth.rotations[0]
        level = levelling(first @ np.array([0.0, 1.0, 0.0]))
        # Camera space of every frame, into that of the first, and level.
        turns = level @ first @ truth.rotations.transpose(0, 2, 1)
        shifts = (truth.positions - truth.positions[0]) @ first.T @ level.T
        joints = np.einsum("tab,tnjb->tnja", turns, truth.joints_3d.astype(np.float64)) + shifts[:, None, None]
        trunk = joints[:, :, _NECK] - joints[:, :, _MID_HIP]
        front = np.cross(joints[:, :, _LEFT_HIP] - joints[:, :, _RIGHT_HIP], trunk)
        return cls(
            joints[:, :, _MID_HIP],
            np.arctan2(front[..., 0], front[..., 2]),
            trunk[..., 1] / np.linalg.norm(trunk, axis=-1),
            truth.contacts,
            first @ np.array([0.0, 1.0, 0.0]),
        )
