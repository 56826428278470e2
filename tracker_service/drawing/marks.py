"""Lines, boxes and text that stay readable on any background and at any image size. All draw in place."""

import math
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

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


def lines(image: UInt8, segments: Sequence[tuple[Point, Point]], color: Color, width: int) -> None:
    """Draw anti-aliased lines between sub-pixel points."""
    if segments:
        cv2.polylines(image, list(_fixed(segments)), False, color, width, cv2.LINE_AA, _FRACTION_BITS)


def dots(image: UInt8, centers: Sequence[Point], diameter: int, color: Color) -> None:
    """Draw filled discs."""
    if len(centers):
        # A line that ends where it starts is drawn as its round cap: all discs in one call instead of one each.
        points = list(_fixed(centers)[:, None])
        cv2.polylines(image, points, True, color, diameter, cv2.LINE_AA, _FRACTION_BITS)


def ring(image: UInt8, center: Point, radius: float, color: Color) -> None:
    """Draw a circle, one pixel wide."""
    x, y = _fixed(center).tolist()
    cv2.circle(image, (x, y), round(radius * (1 << _FRACTION_BITS)), color, 1, cv2.LINE_AA, _FRACTION_BITS)


def box_frame(image: UInt8, box: Sequence[float], color: Color, *, dashed: bool) -> None:
    """Draw a box with a thin dark rim, so that it shows on snow and at night."""
    width = line_width(image)
    x1, y1, x2, y2 = _clipped(box, image)
    segments = list(pairwise([(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)]))
    if dashed:
        segments = [dash for start, end in segments for dash in _dashes(start, end, 5.0 * width)]
    lines(image, segments, mixed(color, BLACK, 0.75), width + 2)
    lines(image, segments, color, width)


def _dashes(start: Point, end: Point, dash: float) -> list[tuple[Point, Point]]:
    """Cut a line into dashes about ``dash`` pixels long and as far apart, starting and ending with a dash."""
    across, down = end[0] - start[0], end[1] - start[1]
    pieces = max(1, round(math.hypot(across, down) / (2 * dash))) * 2 - 1
    stops = [(start[0] + across * i / pieces, start[1] + down * i / pieces) for i in range(pieces + 1)]
    return list(pairwise(stops))[::2]


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
    left = max(0, min(round(corner[0]), image.shape[1] - width - 2 * pad))
    top = max(0, min(round(corner[1]) - height - 2 * pad, image.shape[0] - height - 2 * pad))
    right, bottom = left + width + 2 * pad, top + height + 2 * pad
    plate, letters = (mixed(BLACK, color, 0.15), mixed(color, WHITE, 0.25)) if hollow else (color, readable_on(color))
    cv2.rectangle(image, (left, top), (right, bottom), plate, cv2.FILLED)
    if hollow:
        cv2.rectangle(image, (left, top), (right, bottom), color, max(1, line_width(image) // 2), cv2.LINE_AA)
    cv2.putText(image, text, (left + pad, bottom - pad), _FONT, scale, letters, thick, cv2.LINE_AA)


def _fixed(points: ArrayLike) -> NDArray[np.int32]:
    """Return (..., 2) pixels in OpenCV's fixed-point units."""
    # OpenCV counts from pixel centres, the project from pixel corners.
    limit = 30000.0
    return np.rint(np.clip(np.asarray(points, np.float64) - 0.5, -limit, limit) * (1 << _FRACTION_BITS)).astype(
        np.int32
    )


def _clipped(box: Sequence[float], image: UInt8) -> tuple[float, float, float, float]:
    """Keep the frame of a box that sticks out of the image a little outside of it, so that no long dashes are drawn."""
    height, width = image.shape[:2]
    margin = 4.0 * line_width(image)
    x1, x2 = (min(max(float(x), -margin), width + margin) for x in (box[0], box[2]))
    y1, y2 = (min(max(float(y), -margin), height + margin) for y in (box[1], box[3]))
    return x1, y1, x2, y2
