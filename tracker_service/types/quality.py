"""How far the pose of a person can be believed."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from tracker_service.errors import ContractError
from tracker_service.types.arrays import Float32, assign, checked
from tracker_service.types.phalp_vectors import NUMBER_OF_JOINTS


class Usability(StrEnum):
    """What a pose is good for: to be measured, to be looked at with care, or for nothing."""

    USABLE = "usable"
    DOUBTFUL = "doubtful"
    UNUSABLE = "unusable"


class QualityReason(StrEnum):
    """Why a pose is not usable; each is something that was measured."""

    SMALL = "small"
    BLURRED = "blurred"
    DARK = "dark"
    CUT_OFF = "cut_off"
    HIDDEN = "hidden"
    UNRECOGNISED = "unrecognised"
    MISFIT = "misfit"
    LEANING = "leaning"
    INVERTED = "inverted"
    JUMP = "jump"
    PREDICTED = "predicted"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class PoseQuality:
    """The quality of one pose.

    Attributes:
        usability: what it is good for.
        reasons: why it is no better, the gravest first; none where it is usable.
        error: mean joint error in the picture, as a part of the person's height, that nine in ten such poses stay
            below (docs/quality.md); None where nothing is promised.
        joint_confidence: (45,) float32 in [0, 1]: 1 for joints in sight, less where the picture ends before them or a
            nearer person covers them.
    """

    usability: Usability
    reasons: tuple[QualityReason, ...]
    error: float | None
    joint_confidence: Float32

    def __post_init__(self) -> None:
        confidence = checked("PoseQuality.joint_confidence", self.joint_confidence, np.float32, (NUMBER_OF_JOINTS,))
        assign(self, "joint_confidence", confidence)
        if (self.usability is Usability.USABLE) != (not self.reasons):
            raise ContractError(f"PoseQuality: {self.usability} does not go with {len(self.reasons)} reasons")
