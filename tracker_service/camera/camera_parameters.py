"""Settings of the camera."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval

from tracker_service.types.bounds import check_bounds


@dataclass(frozen=True)
class CameraParameters:
    """Whether the camera is followed.

    Attributes:
        follow: estimate how the camera moves, so that people are expected where the picture has gone; with
            ``phalp.compat=upstream``, which knows no camera, it is never done. Costs some milliseconds a frame.
        place_people: place people in the world where the camera is followed, in videos (docs/world.md).
        focal: focal length over the longer side of the frame, of the world. Raising it moves people away and makes the
            camera turn less. None assumes 1, between the main camera of a phone (.8) and its twofold zoom (1.6), and
            says that it is assumed in the uncertainties.
    """

    follow: bool = True
    place_people: bool = True
    focal: Annotated[float, Interval(ge=0.2, le=20)] | None = None

    def __post_init__(self) -> None:
        check_bounds(self)
