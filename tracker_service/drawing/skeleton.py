"""The 2D skeleton of one person."""

import numpy as np
from numpy.typing import NDArray

from tracker_service.body.joints import BODY_25_EDGES, JOINT_NAMES
from tracker_service.drawing.marks import disc, line, line_width
from tracker_service.drawing.palette import BLACK, WHITE, Color, mixed
from tracker_service.types import Bool, Float64, UInt8

_RIGHT = frozenset(index for index, name in enumerate(JOINT_NAMES) if name.startswith("right_"))
_NUMBER = 25
_THIN_FROM = 15
"""Face and foot joints, from this index on, are drawn finer."""


def draw_skeleton(
    image: UInt8,
    joints: NDArray[np.floating],
    color: Color,
    *,
    hollow: bool = False,
    hidden: Bool | None = None,
) -> None:
    """Draw the limbs in place; the person's right side is a shade darker, so that left and right can be told apart.

    Args:
        image: (H, W, 3) uint8 RGB.
        joints: (at least 25, 2) pixels, OpenPose BODY_25 first; joints that are not finite are left out.
        color: of the person.
        hollow: thin light limbs and rings instead of discs, for predicted people.
        hidden: (at least 25,) bool, joints that are not in sight: they and their limbs are drawn hollow; None for none.
    """
    points = np.asarray(joints, np.float64)[:_NUMBER]
    width = _limb_width(image, points)
    usable = np.isfinite(points.sum(axis=1))
    limbs = [(a, b) for a, b in BODY_25_EDGES if usable[a] and usable[b]]
    rims = ((mixed(color, BLACK, 0.7), 2), (None, 0)) if not hollow else ((None, 0),)
    faint = np.full(_NUMBER, hollow) if hollow or hidden is None else np.asarray(hidden[:_NUMBER], np.bool_)
    for rim, extra in rims:
        for a, b in limbs:
            weak = bool(faint[a] or faint[b])
            if weak and rim is not None:
                continue
            limb = rim or _shade(color, a, b, hollow=weak)
            thick = max(1, width - 1) if weak or max(a, b) >= _THIN_FROM else width
            line(image, tuple(points[a]), tuple(points[b]), limb, thick + extra)
    for index in np.flatnonzero(usable):
        radius = width * (0.9 if index >= _THIN_FROM else 1.3)
        _draw_joint(image, points[index], radius, color, hollow=bool(faint[index]))


def _draw_joint(image: UInt8, point: Float64, radius: float, color: Color, *, hollow: bool) -> None:
    center = (float(point[0]), float(point[1]))
    if hollow:
        disc(image, center, radius, mixed(color, WHITE, 0.45), width=1)
        return
    disc(image, center, radius + 0.8, mixed(color, BLACK, 0.7))
    disc(image, center, radius, mixed(color, WHITE, 0.65))


def _shade(color: Color, a: int, b: int, *, hollow: bool) -> Color:
    if hollow:
        return mixed(color, WHITE, 0.45)
    return mixed(color, BLACK, 0.3) if a in _RIGHT or b in _RIGHT else mixed(color, WHITE, 0.2)


def _limb_width(image: UInt8, points: Float64) -> int:
    """Thinner on small people, so that their limbs do not run together."""
    heights = points[np.isfinite(points.sum(axis=1)), 1]
    tallness = float(np.ptp(heights)) if len(heights) else 0.0
    return int(np.clip(round(tallness / 70), 1, line_width(image) + 1))
