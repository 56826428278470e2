"""Fitting a frame into a detector's fixed input, and bringing its boxes back."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker_service.types import Float32, ImageLike, UInt8, picture_of

_AREA_BELOW = 0.6
"""Scales below this average over the source pixels; bilinear sampling would skip some and make edges flicker."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where a frame lies in its letterboxed canvas.

    Coordinates are edges: the left edge of the first pixel is 0, the right edge of the last is the width.

    Attributes:
        source_width, source_height: size of the frame, pixels.
        width, height: size of the frame within the canvas, pixels.
        left, top: empty columns and rows before it.
    """

    source_width: int
    source_height: int
    width: int
    height: int
    left: int
    top: int

    def boxes_to_source(self, boxes: NDArray[np.floating]) -> Float32:
        """Map (n, 4) boxes x1 y1 x2 y2 from the canvas to the frame and clip them to it."""
        scaled = (np.asarray(boxes, np.float64) - self._offset()) / self._scale()
        corner = (self.source_width, self.source_height) * 2
        return np.clip(scaled, 0, corner).astype(np.float32)

    def _scale(self) -> NDArray[np.float64]:
        # Rounding to whole pixels makes the two directions differ slightly, so each has its own scale.
        return np.array([self.width / self.source_width, self.height / self.source_height] * 2)

    def _offset(self) -> NDArray[np.float64]:
        return np.array([self.left, self.top] * 2, np.float64)


def fit(frame_size: tuple[int, int], size: tuple[int, int]) -> Letterbox:
    """Return where a frame of ``frame_size`` lies, centred, in a canvas of ``size``; both (width, height)."""
    (source_width, source_height), (canvas_width, canvas_height) = frame_size, size
    scale = min(canvas_width / source_width, canvas_height / source_height)
    width = min(max(round(source_width * scale), 1), canvas_width)
    height = min(max(round(source_height * scale), 1), canvas_height)
    left, top = (canvas_width - width) // 2, (canvas_height - height) // 2
    return Letterbox(source_width, source_height, width, height, left, top)


def letterbox(
    image: ImageLike, size: tuple[int, int], *, padding: int = 0, out: UInt8 | None = None
) -> tuple[UInt8, Letterbox]:
    """Scale ``image`` to fit ``size`` without distortion and centre it.

    Args:
        image: (H, W, 3) uint8 RGB, or a picture.
        size: (width, height) of the canvas.
        padding: grey level of the rest of the canvas; raising it from 0 (black) to 114 suits detectors trained so.
        out: (height, width, 3) uint8 canvas to write to; None makes a new one.

    Returns:
        (height, width, 3) uint8 RGB canvas, and the mapping back.
    """
    picture = picture_of(image)
    place = fit(picture.size, size)
    inner = (place.width, place.height)
    canvas = np.empty((size[1], size[0], 3), np.uint8) if out is None else out
    bottom, right = place.top + place.height, place.left + place.width
    for bar in (canvas[: place.top], canvas[bottom:], canvas[:, : place.left], canvas[:, right:]):
        bar[:] = padding
    inside = canvas[place.top : bottom, place.left : right]
    if place.width < _AREA_BELOW * place.source_width:
        picture.reduced(inner, out=inside)
    else:
        cv2.resize(picture.pixels(), inner, dst=inside, interpolation=cv2.INTER_LINEAR)
    return canvas, place
