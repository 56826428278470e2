"""Follows the camera from frame to frame."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tracker_service.camera.background import Background
from tracker_service.camera.estimate import BackgroundMotion, estimate_motion, farthest_shift
from tracker_service.camera.features import corners, followed
from tracker_service.types import Float32, UInt8
from tracker_service.types.camera import CameraMotion

_STILL = 0.25
"""Pixels of the small copy: what moves the picture less is noise. On tripods the estimate strays by up to .08 pixels
(.20 from one frame to the next), pans of users begin at .5. Slower motion is not lost: it adds up until it is seen."""
_WORN = 0.5
"""Share of the reference's corners that must still be found; with fewer, the reference is made anew."""
_GLANCED_AT = 4
"""One corner of so many shows that a camera that stood still has not begun to move; raising it saves time."""
_SURE = 0.7
"""Least confidence of such a glance; below it all corners are followed."""


@dataclass(frozen=True, slots=True, eq=False)
class _Reference:
    """The frame that the next ones are compared with.

    Attributes:
        image: (h, w) uint8 grey, small.
        corners: (k, 2) of its background.
        frame_size: width and height of the frame, pixels.
        held: whether the camera has stood still since.
    """

    image: UInt8
    corners: Float32
    frame_size: tuple[int, int]
    held: bool = False

    @classmethod
    def of(cls, background: Background) -> Self:
        return cls(background.image, corners(background), background.frame_size)

    @property
    def size(self) -> tuple[int, int]:
        return self.image.shape[1], self.image.shape[0]


class CameraFollower:
    """Says of every frame how the camera moved since the one before.

    While the camera stands still, frames are compared with the same one, so that a slow motion adds up and noise does
    not; a still camera gives exactly the identity.

    Args:
        state: `state` of another one, to continue where it was.
    """

    def __init__(self, state: Mapping[str, NDArray[Any]] | None = None) -> None:
        self._reference: _Reference | None = None
        if state:
            width, height = state["frame_size"].tolist()
            held = bool(state.get("held", False))
            self._reference = _Reference(state["image"], state["corners"], (width, height), held)

    @property
    def state(self) -> dict[str, NDArray[Any]]:
        """Everything needed to continue from here, as arrays; nothing before the first frame."""
        reference = self._reference
        if reference is None:
            return {}
        return {
            "image": reference.image,
            "corners": reference.corners,
            "frame_size": np.array(reference.frame_size, np.int64),
            "held": np.array(reference.held),
        }

    def follow(self, background: Background, *, shot: bool = False) -> CameraMotion:
        """Return how the camera moved between the last frame and this one.

        Unknown on the first frame, on the first of a ``shot``, and where too little of the background is seen again.
        """
        before = self._reference
        if before is None or shot or before.frame_size != background.frame_size:
            self._reference = _Reference.of(background)
            return unknown_motion()
        if before.held and (confidence := _glance(before, background.image)) is not None:
            return CameraMotion(np.eye(3), confidence)
        points, found = followed(before.image, before.corners, background.image)
        motion = estimate_motion(before.corners[found], points[found], before.size)
        still = motion.confidence > 0 and farthest_shift(motion.matrix, before.size) < _STILL
        held = still and motion.inliers >= _WORN * len(before.corners)
        self._reference = replace(before, held=True) if held else _Reference.of(background)
        if motion.confidence == 0:
            return unknown_motion()
        return CameraMotion(np.eye(3), motion.confidence) if still else _in_frame(motion, before)


def _glance(before: _Reference, image: UInt8) -> float | None:
    """Return the confidence with which a few corners show a camera standing still; None where they do not."""
    few = before.corners[::_GLANCED_AT]
    # Who looks for less than a pixel needs no smaller copies of the images: four fifths of the time.
    points, found = followed(before.image, few, image, levels=0)
    motion = estimate_motion(few[found], points[found], before.size)
    still = farthest_shift(motion.matrix, before.size) < _STILL and motion.inliers >= _WORN * len(few)
    return motion.confidence if still and motion.confidence >= _SURE else None


def unknown_motion() -> CameraMotion:
    """Return the motion of a camera that could not be followed."""
    return CameraMotion(np.eye(3), confidence=0.0)


def _in_frame(motion: BackgroundMotion, reference: _Reference) -> CameraMotion:
    """Return a motion between small copies, whose pixels are named by their centres, as one between frames."""
    (width, height), (frame_width, frame_height) = reference.size, reference.frame_size
    small = np.array([[width / frame_width, 0, -0.5], [0, height / frame_height, -0.5], [0, 0, 1]])
    large = np.asarray(np.linalg.inv(small), np.float64)
    return CameraMotion(large @ motion.matrix @ small, motion.confidence, large @ motion.moments @ large.T)
