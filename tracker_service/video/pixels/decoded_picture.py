"""A decoded frame as a picture: what is looked at is converted, the rest stays in the decoder's planes."""

from collections import deque
from threading import Lock, local
from typing import NamedTuple

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from tracker_service.errors import VideoFormatError
from tracker_service.types import UInt8
from tracker_service.video.opening import reason
from tracker_service.video.pixels.orientation import Orientation

_SUBSAMPLING = {"yuv420p": 2, "yuvj420p": 2, "yuv422p": 1, "yuvj422p": 1}
"""Rows of a frame for one of its chroma planes, by pixel format. In these, swscale converts every pixel alone, so that
a part of a frame becomes exactly what it is in the whole (a test holds that)."""
_UPRIGHT = Orientation()
_PLANAR_RGB = "gbrp"
"""Scaled to this, swscale keeps the colours' resolution; to packed RGB it halves it, and is slower."""
_RGB_AND_ONE = "rgb0"
"""Four channels, as OpenCV samples them fastest; the last one means nothing."""

_MARGIN = 0.04
"""What is converted beyond a window, as a part of its sides: who is cut out once is looked at again a little wider."""
_PARTS_KEPT = 12
"""Converted parts that a picture remembers."""
_SCALERS_KEPT = 8
"""Kinds of scaling that a thread remembers: a video has the letterbox, the camera's copy and the thumbnail."""


_FULL_RANGE: UInt8 = np.clip(np.rint((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)
"""Brightness of each value of a luma that goes from 16 to 235."""
_WIDTH_STEP = 16
"""Pixels by which parts grow in width: swscale leaves the last ones of a line out where it makes four channels of a
width that is no multiple of eight."""


class _Part(NamedTuple):
    """A converted part of a picture; where it lies, and its pixels, RGB and a channel that means nothing."""

    rows: slice
    columns: slice
    image: UInt8

    def holds(self, rows: slice, columns: slice) -> bool:
        """Tell whether a window lies in it."""
        pairs = ((self.rows, rows), (self.columns, columns))
        return all(mine.start <= theirs.start and theirs.stop <= mine.stop for mine, theirs in pairs)


def _wider(span: slice, length: int) -> slice:
    margin = round(_MARGIN * (span.stop - span.start))
    return slice(max(span.start - margin, 0), min(span.stop + margin, length))


class DecodedPicture:
    """The picture of a decoded frame (`tracker_service.types.Picture`).

    Colour matrix and range are those that the frame declares; swscale applies them to what is looked at.

    Args:
        frame: a frame whose pixels swscale can convert; kept, with the memory of its planes.
        orientation: how it has to be turned.
    """

    def __init__(self, frame: VideoFrame, orientation: Orientation) -> None:
        self._frame, self._orientation = frame, orientation
        self._stored = (frame.width, frame.height)
        even = frame.width % 2 == 0 and frame.height % 2 == 0
        self._subsampling = _SUBSAMPLING.get(frame.format.name) if even else None
        self._lock = Lock()
        self._pixels: UInt8 | None = None
        self._parts: deque[_Part] = deque(maxlen=_PARTS_KEPT)

    @property
    def size(self) -> tuple[int, int]:
        """See `Picture.size`."""
        return self._orientation.shown_size(self._stored)

    def pixels(self) -> UInt8:
        """See `Picture.pixels`; converted once."""
        with self._lock:
            if self._pixels is None:
                self._pixels = self._orientation.upright(converted(self._frame, self._stored, "rgb24"))
            return self._pixels

    def window(self, rows: slice, columns: slice) -> UInt8:
        """See `Picture.window`; pixel for pixel what `pixels` has there."""
        if self._subsampling is None or self._pixels is not None:
            return self.pixels()[rows, columns]
        with self._lock:
            part = next((part for part in self._parts if part.holds(rows, columns)), None)
            if part is None:
                width, height = self.size
                wider = _wider(rows, height), _wider(columns, width)
                part = _Part(*wider, self._converted_part(*wider, self._subsampling))
                self._parts.append(part)
        top, left = part.rows.start, part.columns.start
        return part.image[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]

    def _converted_part(self, rows: slice, columns: slice, subsampling: int) -> UInt8:
        stored_rows, stored_columns = self._orientation.stored_window(rows, columns, self._stored)
        # Whole pairs of rows and columns share their colour.
        top, bottom = stored_rows.start // 2 * 2, -(-stored_rows.stop // 2) * 2
        left = stored_columns.start // 2 * 2
        steps = -(-(stored_columns.stop - left) // _WIDTH_STEP)
        part = self._part(top, left, bottom - top, steps * _WIDTH_STEP, subsampling)
        image = converted(part, (part.width, part.height), _RGB_AND_ONE)
        inside = image[stored_rows.start - top :, stored_columns.start - left :]
        height, width = stored_rows.stop - stored_rows.start, stored_columns.stop - stored_columns.start
        return self._orientation.upright(inside[:height, :width])

    def reduced(self, size: tuple[int, int], out: UInt8 | None = None) -> UInt8:
        """See `Picture.reduced`."""
        if self._orientation == _UPRIGHT:
            return converted(self._frame, size, _PLANAR_RGB, Interpolation.AREA, out)
        image = self._scaled(self._frame, size, _PLANAR_RGB)
        if out is None:
            return image
        out[:] = image
        return out

    def brightness(self, size: tuple[int, int]) -> UInt8:
        """See `Picture.brightness`: the luma, from black to white."""
        if not self._is_twice_as_large(self._orientation.shown_size(size)):
            return self._scaled(self._frame, size, "gray")
        # swscale takes grey frames for full-range ones; where it has to widen the range, it takes three times as long.
        luma = self._scaled(_half_of_luma(self._frame), size, "gray")
        return luma if _is_full_range(self._frame) else np.asarray(cv2.LUT(luma, _FULL_RANGE), np.uint8)

    def thumbnail(self, size: tuple[int, int]) -> UInt8:
        """See `Picture.thumbnail`; no pixel is left out."""
        return self._scaled(self._frame, size, _PLANAR_RGB)

    def _scaled(self, frame: VideoFrame, size: tuple[int, int], pixel_format: str) -> UInt8:
        stored = self._orientation.shown_size(size)
        return self._orientation.upright(converted(frame, stored, pixel_format, Interpolation.AREA))

    def _is_twice_as_large(self, size: tuple[int, int]) -> bool:
        """Tell whether half of the frame is at least twice as large as a copy, and its rows can be halved."""
        width, height = self._stored
        divides = self._subsampling is not None and width % 4 == height % 4 == 0
        return divides and 4 * size[0] <= width and 4 * size[1] <= height

    def _part(self, top: int, left: int, height: int, width: int, rows: int) -> VideoFrame:
        """Return a copy of a part of the frame that begins at even rows and columns; it may reach beyond the right."""
        part = VideoFrame(width, height, self._frame.format.name)
        part.colorspace, part.color_range = self._frame.colorspace, self._frame.color_range
        for plane, source, (y, x) in zip(part.planes, self._frame.planes, ((1, 1), (rows, 2), (rows, 2)), strict=True):
            inside = _plane(source)[top // y :, left // x :][: plane.height, : plane.width]
            _plane(plane)[:, : inside.shape[1]] = inside
        return part


def _plane(plane: VideoPlane) -> UInt8:
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]


def _four_channels(plane: VideoPlane) -> UInt8:
    pixels = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size // 4, 4)
    return pixels[: plane.height, : plane.width]


def _half_of_luma(frame: VideoFrame) -> VideoFrame:
    """Return the luma of a planar frame as a grey one in half the size, each pixel the mean of four.

    OpenCV makes it in a tenth of the time that swscale takes for a small copy of the whole.
    """
    half = VideoFrame(frame.width // 2, frame.height // 2, "gray")
    (plane,) = map(_plane, half.planes)
    cv2.resize(_plane(frame.planes[0]), plane.shape[::-1], dst=plane, interpolation=cv2.INTER_AREA)
    return half


def _is_full_range(frame: VideoFrame) -> bool:
    return frame.format.name.startswith("yuvj") or frame.color_range == ColorRange.JPEG


class _Scalers(local):
    """The converters of a thread: they cannot be shared, and a new one computes its filter first, .1 to .2 ms."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], VideoReformatter] = {}

    def of(self, frame: VideoFrame, size: tuple[int, int], pixel_format: str) -> VideoReformatter:
        """Return the one that last made the same of a frame like this."""
        stored = (frame.format.name, frame.width, frame.height, frame.colorspace, frame.color_range)
        kind = (*stored, size, pixel_format)
        if kind not in self._kept:
            if len(self._kept) == _SCALERS_KEPT:
                self._kept.clear()
            self._kept[kind] = VideoReformatter()
        return self._kept[kind]


_scalers = _Scalers()


def converted(
    frame: VideoFrame,
    size: tuple[int, int],
    pixel_format: str,
    interpolation: Interpolation = Interpolation.BILINEAR,
    out: UInt8 | None = None,
) -> UInt8:
    """Return a frame, not turned, as uint8 of a size and format; planar RGB in ``out``, where that is given.

    Raises:
        VideoFormatError: the pixel format cannot be converted.
    """
    width, height = size
    try:
        # Parts are of many sizes: there is nothing to keep.
        scaled = size != (frame.width, frame.height)
        reformatter = _scalers.of(frame, size, pixel_format) if scaled else VideoReformatter()
        # One thread: the decoder's threads already fill the cores, and a pool per frame costs more than it gives.
        picture = reformatter.reformat(
            frame, width=width, height=height, format=pixel_format, interpolation=interpolation, threads=1
        )
        if pixel_format == _PLANAR_RGB:
            green, blue, red = map(_plane, picture.planes)
            # PyAV's own copy of planes into pixels takes five times as long.
            return np.asarray(cv2.merge((red, green, blue), dst=out), np.uint8)
        if pixel_format == _RGB_AND_ONE:
            return _four_channels(picture.planes[0])
        return np.asarray(picture.to_ndarray(), np.uint8)
    except av.FFmpegError as error:
        pixels = f"{frame.format.name} {frame.width}x{frame.height}"
        raise VideoFormatError(f"expected pixels that convert to RGB, got {pixels}: {reason(error)}") from error
