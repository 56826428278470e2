"""How far what was read back is from what the results say."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.formats.poses import Key, Pose, Poses
from tracker_service.types import Float64


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """The largest differences; None where a format does not say it.

    Attributes:
        poses: compared.
        joints: mm, SMPL's joints.
        turned: degrees, SMPL's joints in space.
        keypoints: mm, reported joints.
        pixels: reported joints in the picture.
        surface: mm, vertices.
    """

    poses: int
    joints: float | None
    turned: float | None
    keypoints: float | None
    pixels: float | None
    surface: float | None


def compare(said: Poses, read: Poses) -> RoundTrip:
    """Compare what was read with what was said.

    Raises:
        ValueError: there are other people, or in other frames.
    """
    if said.keys() != read.keys():
        missing, more = sorted(said.keys() - read.keys())[:3], sorted(read.keys() - said.keys())[:3]
        raise ValueError(f"expected the same people in the same frames, got none of {missing} but {more}")
    return RoundTrip(
        len(said),
        _largest(_far(said, read, "joints", 1000)),
        _largest(_turned(said, read)),
        _largest(_far(said, read, "keypoints", 1000)),
        _largest(_far(said, read, "pixels", 1)),
        _largest(_far(said, read, "vertices", 1000)),
    )


def angles_between(first: Float64, second: Float64) -> Float64:
    """Return the angles between (n, 3, 3) rotations, (n,) degrees; exact for small ones, unlike the arc cosine."""
    chord = np.linalg.norm(first - second, axis=(1, 2)) / np.sqrt(8)
    return np.asarray(np.degrees(2 * np.arcsin(np.clip(chord, 0, 1))), np.float64)


def _far(said: Poses, read: Poses, name: str, scale: float) -> Iterator[float]:
    for first, second in _pairs(said, read):
        one, other = getattr(first, name), getattr(second, name)
        if one is not None and other is not None:
            # What a format does not have is not a number.
            yield scale * float(np.nanmax(np.linalg.norm(one[: len(other)] - other, axis=1)))


def _turned(said: Poses, read: Poses) -> Iterator[float]:
    for first, second in _pairs(said, read):
        if first.rotations is not None and second.rotations is not None:
            yield float(angles_between(first.rotations, second.rotations).max())


def _pairs(said: Poses, read: Poses) -> Iterator[tuple[Pose, Pose]]:
    keys: list[Key] = sorted(said)
    return ((said[key], read[key]) for key in keys)


def _largest(values: Iterator[float]) -> float | None:
    return max(values, default=None)
