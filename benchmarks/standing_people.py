"""The vertical that standing people show, frame by frame, as the product finds it."""

from collections.abc import Iterator, Sequence

import numpy as np

from tracker_service.camera.world.placing import PlacedBody, place_body
from tracker_service.camera.world.turning import turn_of
from tracker_service.camera.world.upright import Upright
from tracker_service.types import Float64, FrameResult, PersonState, TrackedPerson


def people_and_vertical(
    frames: Sequence[FrameResult], focal: float
) -> Iterator[tuple[FrameResult, TrackedPerson, PlacedBody, Float64, Upright]]:
    """Give whoever is seen, in order: frame, person, body before the camera, (3, 3) axes and the vertical by then.

    The axes turn directions before the camera of that frame into those of the first.
    """
    axes, upright = np.eye(3), Upright.as_held()
    for frame in frames:
        size, motion = (frame.width, frame.height), frame.camera_motion
        if motion is not None and motion.known and not motion.still:
            axes = axes @ turn_of(motion, size, focal).T
        for person in frame.persons:
            if person.state is PersonState.SEEN:
                body = place_body(person, size, focal)
                upright = upright.with_standing(axes @ body.trunk, body.stands)
                yield frame, person, body, axes, upright
