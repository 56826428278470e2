"""The 2D skeleton of one person."""

import math
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from tracker_service.body.joints import BODY_25_EDGES, BODY_25_SIZE, JOINT_INDEX, JOINT_NAMES
from tracker_service.drawing.marks import Point, dots, line_width, lines, ring
from tracker_service.drawing.palette import BLACK, WHITE, Color, mixed
from tracker_service.types import Bool, Float64, UInt8

_RIGHT = frozenset(index for index, name in enumerate(JOINT_NAMES) if name.startswith("right_"))
_THIN_FROM = JOINT_INDEX["right_eye"]
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
    points = np.asarray(joints, np.float64)[:BODY_25_SIZE]
    width = _limb_width(image, points)
    usable = np.isfinite(points.sum(axis=1)).tolist()
    places = points.tolist()
    faint = (
        [hollow] * BODY_25_SIZE if hollow or hidden is None else np.asarray(hidden[:BODY_25_SIZE], np.bool_).tolist()
    )
    rims, limbs = defaultdict(list), defaultdict(list)
    for a, b in BODY_25_EDGES:
        if not (usable[a] and usable[b]):
            continue
        weak = faint[a] or faint[b]
        thick = max(1, width - 1) if weak or max(a, b) >= _THIN_FROM else width
        limbs[_shade(color, a, b, hollow=weak), thick].append((places[a], places[b]))
        if not weak:
            rims[mixed(color, BLACK, 0.7), thick + 2].append((places[a], places[b]))
    for (shade, thick), segments in [*rims.items(), *limbs.items()]:
        lines(image, segments, shade, thick)
    shown = [joint for joint in range(BODY_25_SIZE) if usable[joint]]
    _draw_joints(image, [joint for joint in shown if not faint[joint]], places, width, color)
    for joint in shown:
        if faint[joint]:
            ring(image, places[joint], _radius(joint, width), mixed(color, WHITE, 0.45))


def _draw_joints(image: UInt8, joints: list[int], places: list[Point], width: int, color: Color) -> None:
    dark, light = mixed(color, BLACK, 0.7), mixed(color, WHITE, 0.65)
    for radius, centers in _apart(joints, places, width):
        dots(image, centers, round(2 * radius + 1.6), dark)
        dots(image, centers, round(2 * radius), light)


def _apart(joints: list[int], places: list[Point], width: int) -> list[tuple[float, list[Point]]]:
    """Cut the joints into runs of one radius whose discs do not touch: each run is drawn at once, rims first."""
    runs: list[tuple[float, list[Point]]] = []
    for joint in joints:
        radius, place = _radius(joint, width), places[joint]
        if runs and runs[-1][0] == radius and all(math.dist(place, other) > 2 * radius + 3 for other in runs[-1][1]):
            runs[-1][1].append(place)
        else:
            runs.append((radius, [place]))
    return runs


def _radius(joint: int, width: int) -> float:
    return width * (0.9 if joint >= _THIN_FROM else 1.3)


def _shade(color: Color, a: int, b: int, *, hollow: bool) -> Color:
    if hollow:
        return mixed(color, WHITE, 0.45)
    return mixed(color, BLACK, 0.3) if a in _RIGHT or b in _RIGHT else mixed(color, WHITE, 0.2)


def _limb_width(image: UInt8, points: Float64) -> int:
    """Thinner on small people, so that their limbs do not run together."""
    heights = points[np.isfinite(points.sum(axis=1)), 1]
    tallness = float(np.ptp(heights)) if len(heights) else 0.0
    return int(np.clip(round(tallness / 70), 1, line_width(image) + 1))
