"""Forward kinematics of a joint tree, as in SMPL (Loper et al. 2015, eq. 3 and 4)."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tracker_service.types import Float64, Int64


def joint_transforms(
    rotations: NDArray[np.floating], joints: NDArray[np.floating], parents: Sequence[int]
) -> tuple[Float64, Float64]:
    """Chain the local rotations of ``n`` bodies down the tree.

    Float64 inside: the tree is tiny, and rounding would otherwise grow along nine levels.

    Args:
        rotations: (n, J, 3, 3) rotation of every joint relative to its parent, the root's in model space.
        joints: (n, J, 3) joint positions in the rest pose, metres.
        parents: parent of every joint, -1 for the root; a parent comes before its children.

    Returns:
        (n, J, 3, 3) rotations and (n, J, 3) positions of the joints in model space.
    """
    world_rotations = np.array(rotations, np.float64)
    positions = np.array(joints, np.float64)
    offsets = positions - positions[:, np.maximum(parents, 0)]
    for level, above in _levels(tuple(parents)):
        parent_rotations = world_rotations[:, above]
        positions[:, level] = positions[:, above] + (parent_rotations @ offsets[:, level, :, None])[..., 0]
        world_rotations[:, level] = parent_rotations @ world_rotations[:, level]
    return world_rotations, positions


@cache
def _levels(parents: tuple[int, ...]) -> list[tuple[Int64, Int64]]:
    """Group the joints below the root, each with its parent, by their depth: one level is one batched product."""
    depth = [0] * len(parents)
    for joint, parent in enumerate(parents):
        if parent >= 0:
            depth[joint] = depth[parent] + 1
    of_depth = np.array(depth)
    levels = [np.flatnonzero(of_depth == level) for level in range(1, max(depth) + 1)]
    return [(level, np.array(parents)[level]) for level in levels]
