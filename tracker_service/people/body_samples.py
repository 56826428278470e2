"""Where on a crop the colours of a person are taken: grids along the torso and limbs of the projected skeleton."""

from dataclasses import dataclass

import numpy as np

from tracker_service.body.joints import JOINT_INDEX
from tracker_service.types import Float32, Float64, Int64

_SHORTEST_TORSO = 15.0
"""Pixels; a torso seen from its end still counts as that long, so that the grids keep an extent."""
_LEAST_SHOULDERS = 0.45
_LEAST_HIPS = 0.4
"""Widths of a torso seen from its side, in torso lengths."""
_HEAD_REACH = (0.16, 0.2)
"""Half width and half height of the grid over the head, in torso lengths."""


@dataclass(frozen=True, slots=True)
class _Strip:
    """A grid along the bones of both sides; widths in torso lengths."""

    start: str
    end: str
    along: tuple[float, float]
    half_width: float
    rows: int
    columns: int

    def grid(self) -> tuple[Float64, Float64]:
        """Return the (p,) places of the points across the bone and along it, in torso lengths and bones."""
        across = np.linspace(-self.half_width, self.half_width, self.columns)
        first, second = np.meshgrid(across, np.linspace(*self.along, self.rows))
        return first.ravel(), second.ravel()


_STRIPS = (
    _Strip("shoulder", "elbow", (0.15, 0.95), 0.04, 6, 2),
    _Strip("hip", "knee", (0.1, 0.95), 0.08, 8, 3),
    _Strip("knee", "ankle", (0.05, 0.9), 0.05, 8, 3),
)
_LIMBS = [(strip, side) for strip in _STRIPS for side in ("left", "right")]
_STARTS = [JOINT_INDEX[f"{side}_{strip.start}"] for strip, side in _LIMBS]
_ENDS = [JOINT_INDEX[f"{side}_{strip.end}"] for strip, side in _LIMBS]
_GRIDS = [strip.grid() for strip, _ in _LIMBS]
_LIMB_OF_POINT = np.repeat(np.arange(len(_LIMBS)), [len(across) for across, _ in _GRIDS])
_ACROSS, _ALONG = (np.concatenate(places)[:, None] for places in zip(*_GRIDS, strict=True))
"""(p, 1) places of the points of all limbs, across their bones in torso lengths and along them in bones."""

_TORSO_ACROSS, _TORSO_DOWN = (
    grid.reshape(-1, 1) for grid in np.meshgrid(np.linspace(0.1, 0.9, 6), np.linspace(0.05, 0.95, 8))
)
"""(p, 1) places of the points of the torso, from left to right and from the shoulders to the hips."""
_HEAD = np.stack(np.meshgrid(*(np.linspace(-reach, reach, 5) for reach in _HEAD_REACH)), axis=-1).reshape(-1, 2)
"""(p, 2) places of the points of the head, in torso lengths."""

REGIONS = ("torso", "upper_arms", "thighs", "shins", "head")
"""The parts of the body that are described one by one."""
_LIMB_POINTS = [2 * len(strip.grid()[0]) for strip in _STRIPS]
_REGION_OF_POINT = np.repeat(np.arange(len(REGIONS)), [len(_TORSO_DOWN), *_LIMB_POINTS, len(_HEAD)])


def sample_points(joints: Float32) -> tuple[Float32, Int64]:
    """Lay the grids over skeletons.

    Args:
        joints: (n, 44 or 45, 2) joints in crop pixels, in the order of `JOINT_NAMES`.

    Returns:
        (n, p, 2) float32 points in crop pixels, and (p,) the region of each, an index into `REGIONS`.
    """
    exact = np.asarray(joints, np.float64)
    axis = _joint(exact, "neck") - _joint(exact, "mid_hip")
    length = np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), _SHORTEST_TORSO)
    points = np.concatenate([_torso(exact, axis, length), _limbs(exact, length), _head(exact, length)], axis=1)
    return points.astype(np.float32), _REGION_OF_POINT


def _joint(joints: Float64, name: str) -> Float64:
    return joints[:, JOINT_INDEX[name]]


def _torso(joints: Float64, axis: Float64, length: Float64) -> Float64:
    shoulders = _at_least(joints, "shoulder", axis, _LEAST_SHOULDERS * length)
    hips = _at_least(joints, "hip", axis, _LEAST_HIPS * length)
    upper = (1 - _TORSO_ACROSS) * shoulders[0][:, None] + _TORSO_ACROSS * shoulders[1][:, None]
    lower = (1 - _TORSO_ACROSS) * hips[0][:, None] + _TORSO_ACROSS * hips[1][:, None]
    return (1 - _TORSO_DOWN) * upper + _TORSO_DOWN * lower


def _at_least(joints: Float64, name: str, axis: Float64, width: Float64) -> tuple[Float64, Float64]:
    """Return the left and right joint, moved apart across the torso where they are closer than ``width``."""
    left, right = _joint(joints, f"left_{name}"), _joint(joints, f"right_{name}")
    apart = right - left
    missing = np.clip(1 - np.linalg.norm(apart, axis=1, keepdims=True) / width, 0, 1)
    across = np.stack([-axis[:, 1], axis[:, 0]], axis=1) / np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-6)
    across *= np.where((apart * across).sum(axis=1, keepdims=True) < 0, -1, 1)
    half = (apart * (1 - missing) + across * width * missing) / 2
    middle = (left + right) / 2
    return middle - half, middle + half


def _limbs(joints: Float64, length: Float64) -> Float64:
    start, end = joints[:, _STARTS], joints[:, _ENDS]
    bone = end - start
    normal = np.stack([-bone[..., 1], bone[..., 0]], axis=-1)
    normal = normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6) * length[:, None]
    start, bone, normal = (of_limb[:, _LIMB_OF_POINT] for of_limb in (start, bone, normal))
    return np.asarray(start + _ALONG * bone + _ACROSS * normal)


def _head(joints: Float64, length: Float64) -> Float64:
    middle = (_joint(joints, "left_ear") + _joint(joints, "right_ear") + _joint(joints, "nose")) / 3
    return middle[:, None] + _HEAD * length[:, None]
