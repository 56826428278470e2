"""Forward kinematics of a joint tree, as in SMPL (Loper et al. 2015, eq. 3 and 4)."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

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
    tree = _tree(tuple(parents))
    # In order of their depth, so that a level of the tree is a slice.
    turns, places = rotations.astype(np.float64).take(tree.order, axis=1), joints.astype(np.float64)
    places = places.take(tree.order, axis=1)
    offsets = (places - places.take(tree.above, axis=1))[..., None]
    for level in tree.levels:
        above = tree.above[level]
        parent = turns.take(above, axis=1)
        places[:, level] = places.take(above, axis=1) + (parent @ offsets[:, level])[..., 0]
        turns[:, level] = parent @ turns[:, level]
    return turns.take(tree.place, axis=1), places.take(tree.place, axis=1)


class _Tree(NamedTuple):
    """A joint tree in order of depth.

    Attributes:
        order: (J,) the joints by their depth.
        place: (J,) where each joint is in that order.
        above: (J,) where its parent is, of each joint in that order; the root's own place for the root.
        levels: the joints below the root, depth by depth: one level is one batched product.
    """

    order: Int64
    place: Int64
    above: Int64
    levels: list[slice]


@cache
def _tree(parents: tuple[int, ...]) -> _Tree:
    depth = [0] * len(parents)
    for joint, parent in enumerate(parents):
        if parent >= 0:
            depth[joint] = depth[parent] + 1
    order = np.argsort(depth, kind="stable")
    place = np.argsort(order)
    ends = np.searchsorted(np.array(depth)[order], range(1, max(depth) + 2))
    levels = [slice(start, end) for start, end in pairwise(ends.tolist())]
    return _Tree(order, place, place[np.maximum(parents, 0)][order], levels)
