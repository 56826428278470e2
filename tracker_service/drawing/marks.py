"""Lines, boxes and text that stay readable on any background and at any image size. All draw in place."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from tracker_service.drawing.palette import BLACK, WHITE, Color, mixed, readable_on
from tracker_service.types import UInt8

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FRACTION_BITS = 4
Point = tuple[float, float]


def line_width(image: UInt8) -> int:
    """Return the width of an ordinary line: 2 pixels at 720 rows, in proportion elsewhere, at least 1."""
    return max(1, round(_shorter_side(image) / 360))


def text_scale(image: UInt8) -> float:
    """Return OpenCV's font scale for small print on this image."""
    return max(0.32, _shorter_side(image) / 1440)


def _shorter_side(image: UInt8) -> int:
    return int(min(image.shape[0], image.shape[1]))


def line(image: UInt8, start: Point, end: Point, color: Color, width: int) -> None:
    """Draw an anti-aliased line between sub-pixel points."""
    cv2.line(image, _fixed(start), _fixed(end), color, width, cv2.LINE_AA, _FRACTION_BITS)


def dashed_line(image: UInt8, start: Point, end: Point, color: Color, width: int, *, dash: float) -> None:
    """Draw a line of dashes about ``dash`` pixels long and as far apart, starting and ending with a dash."""
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    pieces = max(1, round(length / (2 * dash))) * 2 - 1
    stops = [
        (start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t) for t in np.linspace(0, 1, pieces + 1)
    ]
    for number, (first, second) in enumerate(pairwise(stops)):
        if number % 2 == 0:
            line(image, first, second, color, width)


def disc(image: UInt8, center: Point, radius: float, color: Color, *, width: int = -1) -> None:
    """Draw a filled disc, or a ring when ``width`` is positive."""
    fixed_radius = round(radius * (1 << _FRACTION_BITS))
    cv2.circle(image, _fixed(center), fixed_radius, color, width, cv2.LINE_AA, _FRACTION_BITS)


def box_frame(image: UInt8, box: Sequence[float], color: Color, *, dashed: bool) -> None:
    """Draw a box with a thin dark rim, so that it shows on snow and at night."""
    width = line_width(image)
    x1, y1, x2, y2 = _clipped(box, image)
    corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)]
    for rim, rim_width in ((mixed(color, BLACK, 0.75), width + 2), (color, width)):
        for start, end in pairwise(corners):
            if dashed:
                dashed_line(image, start, end, rim, rim_width, dash=5.0 * width)
            else:
                line(image, start, end, rim, rim_width)


def tag(image: UInt8, text: str, corner: Point, color: Color, *, hollow: bool = False) -> None:
    """Write ``text`` on a plate whose lower left corner is ``corner``, moved into the image where it would stick out.

    Args:
        image: RGB, drawn on.
        text: one line, ASCII.
        corner: pixels.
        color: of the plate; a hollow plate is dark with letters and rim in this colour.
        hollow: draw the plate hollow.
    """
    scale, thick = text_scale(image) * 1.15, max(1, round(line_width(image) * 0.75))
    (width, height), _ = cv2.getTextSize(text, _FONT, scale, thick)
    pad = max(2, height // 3)
    left = int(np.clip(round(corner[0]), 0, max(0, image.shape[1] - width - 2 * pad)))
    top = int(np.clip(round(corner[1]) - height - 2 * pad, 0, max(0, image.shape[0] - height - 2 * pad)))
    right, bottom = left + width + 2 * pad, top + height + 2 * pad
    plate, letters = (mixed(BLACK, color, 0.15), mixed(color, WHITE, 0.25)) if hollow else (color, readable_on(color))
    cv2.rectangle(image, (left, top), (right, bottom), plate, cv2.FILLED)
    if hollow:
        cv2.rectangle(image, (left, top), (right, bottom), color, max(1, line_width(image) // 2), cv2.LINE_AA)
    cv2.putText(image, text, (left + pad, bottom - pad), _FONT, scale, letters, thick, cv2.LINE_AA)


def _fixed(point: Point) -> tuple[int, int]:
    # OpenCV counts from pixel centres, the project from pixel corners.
    factor = 1 << _FRACTION_BITS
    limit = 30000.0
    x, y = float(np.clip(point[0] - 0.5, -limit, limit)), float(np.clip(point[1] - 0.5, -limit, limit))
    return round(x * factor), round(y * factor)


def _clipped(box: Sequence[float], image: UInt8) -> tuple[float, float, float, float]:
    """Keep the frame of a box that sticks out of the image a little outside of it, so that no long dashes are drawn."""
    height, width = image.shape[:2]
    margin = 4.0 * line_width(image)
    x1, x2 = (float(np.clip(x, -margin, width + margin)) for x in (box[0], box[2]))
    y1, y2 = (float(np.clip(y, -margin, height + margin)) for y in (box[1], box[3]))
    return x1, y1, x2, y2
