"""The named points of a person that frame answers list."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker_service.api.answer_parameters import KeypointSet
from tracker_service.body.joints import JOINT_INDEX, JOINT_NAMES, SMPL_JOINT_NAMES
from tracker_service.people.cameras import project_to_frame
from tracker_service.results.person_json import Record
from tracker_service.types import Float32

_PIXEL_DIGITS = 3
_METRE_DIGITS = 5
_PELVIS = SMPL_JOINT_NAMES.index("pelvis")
_SEEN_WITH = {
    "pelvis": "mid_hip",
    "spine1": "mid_hip",
    "spine2": "mid_hip",
    "spine3": "neck",
    "head": "nose",
    "left_collar": "left_shoulder",
    "right_collar": "right_shoulder",
    "left_hand": "left_wrist",
    "right_hand": "right_wrist",
    "left_foot": "left_big_toe",
    "right_foot": "right_big_toe",
}
"""For SMPL's joints that are none of the 45, the one of these that is in sight when they are."""
# OpenPose's points of the same names (hips, knees, ankles, shoulders, elbows, wrists, neck) are SMPL's joints.
_OTHER = [index for index, name in enumerate(JOINT_NAMES) if name not in SMPL_JOINT_NAMES]


@dataclass(frozen=True, slots=True)
class Keypoints:
    """Named points of one person.

    Attributes:
        names: n names.
        pixels: (n, 2) positions in the image.
        positions: (n, 3) metres, model space.
        pelvis: (3,) the pelvis there.
    """

    names: tuple[str, ...]
    pixels: Float32
    positions: Float32
    pelvis: Float32

    def in_image(self, confidence: float, in_sight: Sequence[float] | None = None) -> list[Record]:
        """Return each point with its name and pixels; for the arguments see `in_space`."""
        confidences = self._confidences(confidence, in_sight)
        return [
            {"name": name, "x": x, "y": y, "confidence": of_point}
            for name, (x, y), of_point in zip(
                self.names, _rounded(self.pixels, _PIXEL_DIGITS), confidences, strict=True
            )
        ]

    def in_space(self, confidence: float, in_sight: Sequence[float] | None = None) -> list[Record]:
        """Return each point with its name, pixels, depth behind the pelvis, and metres.

        Args:
            confidence: of the person.
            in_sight: (45,) confidence of each of the 45, less than 1 where a joint is not in sight; None for all 1.
        """
        depths = _rounded(self.positions[:, 2] - self.pelvis[2], _METRE_DIGITS)
        rows = zip(
            self.names,
            _rounded(self.pixels, _PIXEL_DIGITS),
            depths,
            _rounded(self.positions, _METRE_DIGITS),
            self._confidences(confidence, in_sight),
            strict=True,
        )
        return [
            {"name": name, "x": x, "y": y, "z": z, "x_3d": x_3d, "y_3d": y_3d, "z_3d": z_3d, "confidence": of_point}
            for name, (x, y), z, (x_3d, y_3d, z_3d), of_point in rows
        ]

    def _confidences(self, confidence: float, in_sight: Sequence[float] | None) -> list[float]:
        if in_sight is None:
            return [confidence] * len(self.names)
        return [confidence * float(in_sight[JOINT_INDEX[_SEEN_WITH.get(name, name)]]) for name in self.names]


def keypoints_of(
    joints_2d: Float32,
    joints_3d: Float32,
    camera: Float32,
    smpl_joints: Float32,
    frame_size: tuple[int, int],
    wanted: KeypointSet,
) -> Keypoints:
    """Return the points of a person: SMPL's 24 first, then those of the 45 that have other names.

    Args:
        joints_2d: (45, 2) pixels.
        joints_3d: (45, 3) metres, model space.
        camera: (3,) translation in the full frame.
        smpl_joints: (24, 3) SMPL's own joints, metres, model space.
        frame_size: (width, height), pixels.
        wanted: only SMPL's, only the 45, or both.
    """
    pelvis = smpl_joints[_PELVIS]
    if wanted == "openpose45":
        return Keypoints(JOINT_NAMES, joints_2d, joints_3d, pelvis)
    pixels = project_to_frame(smpl_joints[None], camera[None], frame_size)[0]
    if wanted == "smpl24":
        return Keypoints(SMPL_JOINT_NAMES, pixels, smpl_joints, pelvis)
    return Keypoints(
        (*SMPL_JOINT_NAMES, *(JOINT_NAMES[index] for index in _OTHER)),
        np.concatenate([pixels, joints_2d[_OTHER]]),
        np.concatenate([smpl_joints, joints_3d[_OTHER]]),
        pelvis,
    )


def _rounded(values: Float32, digits: int) -> list[list[float]]:
    rounded: list[list[float]] = values.astype(np.float64).round(digits).tolist()
    return rounded
