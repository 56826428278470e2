"""Decoded frames to upright pictures of one size."""

import numpy as np
from av.video.frame import VideoFrame

from tracker_service.errors import VideoFormatError
from tracker_service.types import ArrayPicture, Picture, UInt8
from tracker_service.video.pixels.decoded_picture import DecodedPicture, converted
from tracker_service.video.pixels.orientation import Orientation

_UNSPECIFIED_MATRIX = 2
_PROBE = (2, 2)


class RgbConverter:
    """Turns decoded frames of any pixel format into RGB pictures, all of one size and orientation.

    The colour matrix and range that the stream declares are applied by swscale. A frame of another size (resolution
    changed in the middle) is scaled into that size with its proportions kept, on black.

    Args:
        first: the first frame; all are turned as it asks for.
        size: width and height of all frames before they are turned, pixels; None takes the first one's.

    Attributes:
        width, height: the size of all frames before they are turned.
    """

    def __init__(self, first: VideoFrame, size: tuple[int, int] | None = None) -> None:
        self.width, self.height = size or (first.width, first.height)
        self._orientation = Orientation.of_frame(first)
        self._convertible: set[tuple[str, int, int]] = set()

    def fits(self, frame: VideoFrame) -> bool:
        """Tell whether the frame has the size of all."""
        return (frame.width, frame.height) == (self.width, self.height)

    def picture(self, frame: VideoFrame) -> Picture:
        """Return the frame upright; what nobody looks at is not converted.

        Raises:
            VideoFormatError: the pixel format cannot be converted.
        """
        self._ensure_convertible(frame)
        if self.fits(frame):
            return DecodedPicture(frame, self._orientation)
        return ArrayPicture(self._orientation.upright(self._letterboxed(frame)))

    def _ensure_convertible(self, frame: VideoFrame) -> None:
        """Try each kind of frame once, at the smallest size, so that a failure is told when the frame is read."""
        kind = (frame.format.name, int(frame.colorspace), int(frame.color_range))
        if kind in self._convertible:
            return
        try:
            converted(frame, _PROBE, "rgb24")
        except VideoFormatError:
            # A reserved or damaged number for the colour matrix; without one the usual matrix is taken.
            frame.colorspace = _UNSPECIFIED_MATRIX
            converted(frame, _PROBE, "rgb24")
        else:
            self._convertible.add(kind)

    def _letterboxed(self, frame: VideoFrame) -> UInt8:
        scale = min(self.width / frame.width, self.height / frame.height)
        width = min(max(round(frame.width * scale), 1), self.width)
        height = min(max(round(frame.height * scale), 1), self.height)
        left, top = (self.width - width) // 2, (self.height - height) // 2
        canvas = np.zeros((self.height, self.width, 3), np.uint8)
        canvas[top : top + height, left : left + width] = converted(frame, (width, height), "rgb24")
        return canvas
