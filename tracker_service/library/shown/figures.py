"""People as stick figures in SVG, in the colours of the overlay."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tracker_service.body.joints import BODY_25_EDGES
from tracker_service.drawing.palette import track_color
from tracker_service.types import PersonState

DASHES = {PersonState.SEEN: "none", PersonState.PREDICTED: "6 4", PersonState.LOST: "2 6"}
"""Strokes of people by state; those who were not seen must not look as if they were."""


def css_color(track_id: int) -> str:
    """Return the colour of an identity."""
    red, green, blue = track_color(track_id)
    return f"rgb({red},{green},{blue})"


def skeleton(joints: NDArray[np.floating], color: str, width: float, dashes: str) -> str:
    """Return limbs as one path.

    Args:
        joints: (at least 25, 2), OpenPose BODY_25 first, in units of the drawing.
        color: of the lines.
        width: of the lines, in the same units.
        dashes: of `DASHES`.
    """
    lines = "".join(_limbs(np.asarray(joints, np.float64)))
    return (
        f'<path d="{lines}" fill="none" stroke="{color}" stroke-width="{width:.1f}" stroke-linecap="round" '
        f'stroke-dasharray="{dashes}"/>'
    )


def _limbs(joints: NDArray[np.float64]) -> Iterator[str]:
    for first, second in BODY_25_EDGES:
        if np.isfinite(joints[[first, second]]).all():
            yield "M{:.0f} {:.0f}L{:.0f} {:.0f}".format(*joints[first], *joints[second])
