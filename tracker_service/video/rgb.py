"""Decoded frames to upright RGB arrays of one size."""

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from tracker_service.errors import VideoFormatError
from tracker_service.types import UInt8
from tracker_service.video.opening import reason
from tracker_service.video.orientation import Orientation

_UNSPECIFIED_MATRIX = 2


class RgbConverter:
    """Turns decoded frames of any pixel format into (H, W, 3) uint8 RGB, all of one size and orientation.

    The colour matrix and range that the stream declares are applied by swscale. A frame of another size (resolution
    changed in the middle) is scaled into that size with its proportions kept, on black.

    Args:
        first: the first frame; all are turned as it asks for.
        size: width and height of all frames before they are turned, pixels; None takes the first one's.

    Attributes:
        width, height: the size of all frames before they are turned.
    """

    def __init__(self, first: VideoFrame, size: tuple[int, int] | None = None) -> None:
        self._reformatter = VideoReformatter()
        self.width, self.height = size or (first.width, first.height)
        self._orientation = Orientation.of_frame(first)

    def fits(self, frame: VideoFrame) -> bool:
        """Tell whether the frame has the size of all."""
        return (frame.width, frame.height) == (self.width, self.height)

    def convert(self, frame: VideoFrame) -> UInt8:
        """Return the frame as (H, W, 3) uint8 RGB, upright.

        Raises:
            VideoFormatError: the pixel format cannot be converted.
        """
        image = self._rgb(frame, frame.width, frame.height) if self.fits(frame) else self._letterboxed(frame)
        return self._orientation.upright(image)

    def _rgb(self, frame: VideoFrame, width: int, height: int) -> UInt8:
        try:
            return self._scaled(frame, width, height)
        except av.FFmpegError:
            # A reserved or damaged number for the colour matrix; without one the usual matrix is taken.
            frame.colorspace = _UNSPECIFIED_MATRIX
        try:
            return self._scaled(frame, width, height)
        except av.FFmpegError as error:
            pixels = f"{frame.format.name} {frame.width}x{frame.height}"
            raise VideoFormatError(f"expected pixels that convert to RGB, got {pixels}: {reason(error)}") from error

    def _scaled(self, frame: VideoFrame, width: int, height: int) -> UInt8:
        # One thread: the decoder's threads already fill the cores, and a pool per frame costs more than it gives.
        converted = self._reformatter.reformat(frame, width=width, height=height, format="rgb24", threads=1)
        return np.asarray(converted.to_ndarray(), np.uint8)

    def _letterboxed(self, frame: VideoFrame) -> UInt8:
        scale = min(self.width / frame.width, self.height / frame.height)
        width = min(max(round(frame.width * scale), 1), self.width)
        height = min(max(round(frame.height * scale), 1), self.height)
        left, top = (self.width - width) // 2, (self.height - height) // 2
        canvas = np.zeros((self.height, self.width, 3), np.uint8)
        canvas[top : top + height, left : left + width] = self._rgb(frame, width, height)
        return canvas
