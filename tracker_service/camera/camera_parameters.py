"""Settings of the camera."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CameraParameters:
    """Whether the camera is followed.

    Attributes:
        follow: estimate how the camera moves, so that people are expected where the picture has gone; with
            ``phalp.compat=upstream``, which knows no camera, it is never done. Costs some milliseconds a frame.
        place_people: place people in the world where the camera is followed (docs/world.md).
    """

    follow: bool = True
    place_people: bool = True
