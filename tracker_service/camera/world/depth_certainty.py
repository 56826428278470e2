"""How well the size of a body in the picture says how far away the person is.

Part of the error is another one in every frame, and a filter averages it out. Part of it stays: people are taller or
shorter than assumed, and the body model draws people who crouch too straight, so that they seem too far away as long as
they crouch: on the rendered jump, whose riders crouch, by 22 % on average, with the legs drawn straighter by a quarter.
"""

from typing import NamedTuple

from tracker_service.types import TrackedPerson
from tracker_service.types.quality import Usability

_EACH_FRAME = {Usability.USABLE: 0.06, Usability.DOUBTFUL: 0.12, Usability.UNUSABLE: 0.5}
"""Standard deviation of one frame's depth, as a share of it; nothing is promised of an unusable body."""
SIZE = 0.06
"""Standard deviation of people's height, as a share of it: all depths of a person are wrong by the same share."""
_CROUCH = 0.22
"""What is added for people who crouch, as a share of the depth."""
_STRAIGHT, _CROUCHED = 0.95, 0.8
"""Straightness of the legs as the body model sees it: of people who stand, and of those who crouch, whose true one is
.6."""
_PIXELS = 3.0
"""Pixels by which the size of a body in the picture is wrong."""


def each_frame(person: TrackedPerson) -> float:
    """Return the standard deviation of the depth in one frame, as a share of it, that other frames do not share."""
    return _EACH_FRAME[Usability.USABLE if person.quality is None else person.quality.usability]


class LastingDepth(NamedTuple):
    """Standard deviations of a person's depth, as shares of it, that more frames do not lower, beside `SIZE`.

    Attributes:
        crouched: of how far the person crouches.
        small: of the person's size in the picture.
    """

    crouched: float
    small: float


def lasting(stands: float, pixels: float) -> LastingDepth:
    """Return what more frames do not make more certain.

    Args:
        stands: how straight the body is, see `PlacedBody`.
        pixels: longer side of the person's box.
    """
    crouch = min(max((_STRAIGHT - stands) / (_STRAIGHT - _CROUCHED), 0.0), 1.0)
    return LastingDepth(_CROUCH * crouch, _PIXELS / max(pixels, 1.0))
