"""bvh, by bvhio."""

import re
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from harness.formats.poses import Key, Pose
from tracker_service.types import Float64

with warnings.catch_warnings():
    # It takes its vectors from a module that is to move.
    warnings.simplefilter("ignore", PendingDeprecationWarning)
    import bvhio


def read_bvh(folder: Path, keys: Collection[Key], order: Collection[str], units_per_metre: float) -> dict[Key, Pose]:
    """Return everybody in the frames of ``keys``.

    Args:
        folder: of the files.
        keys: who is in which frame; a file begins with the person's first.
        order: names of the joints, in SMPL's order.
        units_per_metre: of the lengths in the files.
    """
    found = {}
    for path in folder.glob("person_*.bvh"):
        track_id = int(re.findall(r"\d+", path.stem)[-1])
        numbers = sorted(number for identity, number in keys if identity == track_id)
        container = bvhio.readAsBvh(str(path))
        parts = {joint.Name: (joint, index) for joint, index, _ in container.Root.layout()}
        rows = [parts[name][1] for name in order]
        turns = _turns(container.Root, len(parts))
        if container.FrameCount != numbers[-1] - numbers[0] + 1:
            raise ValueError(f"{path.name}: expected a row for every frame, got {container.FrameCount}")
        hierarchy = bvhio.convertBvhToHierarchy(container.Root)
        joints = {joint.Name: joint for joint, _, _ in hierarchy.layout()}
        for number in numbers:
            hierarchy.loadPose(number - numbers[0])
            places = np.array([list(joints[name].PositionWorld) for name in order]) / units_per_metre
            found[track_id, number] = Pose(joints=places, rotations=turns[number - numbers[0], rows])
    return found


def _turns(root: Any, joints: int) -> Float64:
    """Return (T, joints, 3, 3) rotations in space: those that bvhio made of the angles, down the tree."""
    frames = len(root.Keyframes)
    found: NDArray[np.float64] = np.empty((frames, joints, 3, 3))
    index = 0

    def descend(joint: Any, above: Float64) -> None:
        nonlocal index
        own = [joint.Keyframes[frame].Rotation for frame in range(frames)]
        quaternions = np.array([[one.x, one.y, one.z, one.w] for one in own])
        found[:, index] = above @ Rotation.from_quat(quaternions).as_matrix()
        turned, index = found[:, index].copy(), index + 1
        for child in joint.Children:
            descend(child, turned)

    descend(root, np.eye(3))
    return found
