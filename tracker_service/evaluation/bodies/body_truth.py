"""What the truth files say, in one form."""

from dataclasses import dataclass

import numpy as np

from tracker_service.errors import ContractError
from tracker_service.types import Float32, Float64, Int64, Smpl
from tracker_service.types.arrays import Rows, assign, checked
from tracker_service.types.smpl import NUMBER_OF_ROTATIONS


@dataclass(frozen=True, slots=True, eq=False)
class BodyTruth(Rows):
    """People in frames, a row a person and frame; in the axes of the picture's camera: x right, y down, z ahead.

    Attributes:
        frames: (n,) int64, numbers of the frames.
        people: (n,) int64, who it is.
        boxes: (n, 4) float32, x1 y1 x2 y2, pixels.
        smpl: the n bodies.
        genders: of the n people's bodies: neutral, male or female.
        joints: (n, 24, 3) float64, SMPL's joints where the file states them, metres; None: those of the body.
    """

    frames: Int64
    people: Int64
    boxes: Float32
    smpl: Smpl
    genders: "np.ndarray[tuple[int], np.dtype[np.str_]]"
    joints: Float64 | None = None

    def __post_init__(self) -> None:
        assign(self, "frames", checked("BodyTruth.frames", self.frames, np.int64, (None,)))
        n = len(self.frames)
        assign(self, "people", checked("BodyTruth.people", self.people, np.int64, (n,)))
        assign(self, "boxes", checked("BodyTruth.boxes", self.boxes, np.float32, (n, 4)))
        if len(self.smpl) != n or len(self.genders) != n:
            got = f"{len(self.smpl)} and {len(self.genders)}"
            raise ContractError(f"BodyTruth: expected {n} bodies and genders, got {got}")
        if self.joints is not None:
            shape = (n, NUMBER_OF_ROTATIONS, 3)
            assign(self, "joints", checked("BodyTruth.joints", self.joints, np.float64, shape))

    def __len__(self) -> int:
        return len(self.frames)
