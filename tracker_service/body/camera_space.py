"""A person before the picture's camera, where that is known: SMPL's root in metres."""

from dataclasses import dataclass

import numpy as np

from tracker_service.body.joints import JOINT_INDEX
from tracker_service.errors import ContractError
from tracker_service.types import Float32, TrackedPerson
from tracker_service.types.arrays import assign, checked
from tracker_service.types.calibration import Calibration, aimed
from tracker_service.types.smpl import GLOBAL_ORIENT_SHAPE

_PELVIS = JOINT_INDEX["mid_hip"]


@dataclass(frozen=True, slots=True, eq=False)
class PersonInCamera:
    """A body in the axes of the picture's camera: x right, y down, z ahead, metres.

    Attributes:
        global_orient: (1, 3, 3) float32, in place of the person's own; pose and shape stay.
        translation: (3,) float32, of the model origin.
    """

    global_orient: Float32
    translation: Float32

    def __post_init__(self) -> None:
        where = "PersonInCamera"
        orient = checked(f"{where}.global_orient", self.global_orient, np.float32, GLOBAL_ORIENT_SHAPE)
        assign(self, "global_orient", orient)
        assign(self, "translation", checked(f"{where}.translation", self.translation, np.float32, (3,)))
        if not (np.isfinite(self.global_orient).all() and np.isfinite(self.translation).all()):
            raise ContractError(f"{where}: expected finite numbers, got NaN or infinity")


def in_camera(person: TrackedPerson, calibration: Calibration) -> PersonInCamera:
    """Return a person before the picture's camera."""
    pelvis = person.joints_3d[_PELVIS].astype(np.float64)
    root = calibration.roots(pelvis[None], person.camera[None])
    orient = aimed(root)[0] @ person.global_orient[0].astype(np.float64)
    return PersonInCamera(orient[None].astype(np.float32), (root[0] - pelvis).astype(np.float32))
