"""The background of one frame, small enough to be kept until the frame's turn comes."""

from dataclasses import dataclass

import numpy as np

from tracker_service.types import Float32, ImageLike, UInt8, picture_of
from tracker_service.types.arrays import assign, checked

WIDTH = 320
"""Pixels across the copy. Twice as many halve the error (.05 instead of .09 pixels of a frame of 640) and cost three
times the time."""
_MARGIN = 0.1
"""Share of a box by which it is widened: hair, boards and shadows move with their person."""


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """A small grey copy of a frame, and what of it is no background.

    Attributes:
        image: (h, w) uint8 grey.
        outside: (h, w) uint8, 255 outside all people, else 0.
        frame_size: width and height of the frame, pixels.
    """

    image: UInt8
    outside: UInt8
    frame_size: tuple[int, int]

    def __post_init__(self) -> None:
        assign(self, "image", checked("Background.image", self.image, np.uint8, (None, None)))
        assign(self, "outside", checked("Background.outside", self.outside, np.uint8, self.image.shape))


def background_of(image: ImageLike, boxes: Float32) -> Background:
    """Return the background of a frame.

    Args:
        image: (H, W, 3) uint8 RGB, or a picture.
        boxes: (n, 4) of everything that may be a person, x1 y1 x2 y2, pixels of the frame.
    """
    picture = picture_of(image)
    width, height = picture.size
    scale = min(1.0, WIDTH / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = picture.brightness(size)
    return Background(grey, _outside(grey.shape, boxes * np.float32(scale)), (width, height))


def _outside(shape: tuple[int, ...], boxes: Float32) -> UInt8:
    outside = np.full(shape, 255, np.uint8)
    margins = _MARGIN * (boxes[:, 2:] - boxes[:, :2])
    low = np.floor(np.maximum(boxes[:, :2] - margins, 0)).astype(np.int64)
    high = np.ceil(np.maximum(boxes[:, 2:] + margins, 0)).astype(np.int64)
    for (left, top), (right, bottom) in zip(low, high, strict=True):
        outside[top:bottom, left:right] = 0
    return outside
