"""Where a person is in the world."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from tracker_service.errors import ContractError
from tracker_service.types.arrays import Float64, assign, checked


class WorldDoubt(StrEnum):
    """Why a place in the world cannot be relied on.

    CROUCHED: the body model draws people who crouch too straight, so that they seem too far away.
    SMALL: some pixels more or less are a large share of the person's size.
    UNSEEN: not seen for a while, or only in poses that cannot be used.
    CAMERA: it could not be followed, it zooms or it travels.
    VERTICAL: nobody stood upright, so that the vertical is only known as well as cameras are held level.
    """

    CROUCHED = "crouched"
    SMALL = "small"
    UNSEEN = "unseen"
    CAMERA = "camera"
    VERTICAL = "vertical"


@dataclass(frozen=True, slots=True, eq=False)
class PersonWorld:
    """A person in the world: x to the right, y up, z towards the viewer, as the first frame's camera looks; metres.

    The origin is the camera. Every value has its standard deviation, with what is assumed (focal length, body height,
    the vertical) in it.

    Attributes:
        position: (3,) float64, the pelvis.
        position_deviation: (3,) float64.
        velocity: (3,) float64, metres per second.
        velocity_deviation: (3,) float64.
        heading: where the front of the pelvis points, radians from the direction towards the viewer to the right.
        heading_deviation: radians; pi where nothing is known, as of somebody who is upside down.
        orientation: (3, 3) float64, the rotation from model space (x right, y down, z ahead) to the world, so that
            R (joints - middle of the hips) + position are the joints in the world; None in results of earlier versions.
        contacts: (2,) float64, how likely the left and the right foot, or what is under it, are on the ground, 0 to 1.
        doubts: why the place cannot be relied on, the gravest first; none where it can; None in results of earlier
            versions.
    """

    position: Float64
    position_deviation: Float64
    velocity: Float64
    velocity_deviation: Float64
    heading: float
    heading_deviation: float
    contacts: Float64
    orientation: Float64 | None = None
    doubts: tuple[WorldDoubt, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("position", "position_deviation", "velocity", "velocity_deviation"):
            assign(self, name, checked(f"PersonWorld.{name}", getattr(self, name), np.float64, (3,)))
        assign(self, "contacts", checked("PersonWorld.contacts", self.contacts, np.float64, (2,)))
        if self.orientation is not None:
            assign(self, "orientation", checked("PersonWorld.orientation", self.orientation, np.float64, (3, 3)))
        if not ((self.contacts >= 0) & (self.contacts <= 1)).all():
            raise ContractError(f"PersonWorld.contacts: expected numbers from 0 to 1, got {self.contacts.tolist()}")

    @property
    def reliable(self) -> bool:
        """Whether the place can be relied on, the focal length being what it is taken to be."""
        return self.doubts == ()
