"""What the header of a JPEG or PNG file says, read without a decoder: nothing of it can break this process."""

import struct
from dataclasses import dataclass
from typing import Literal

from tracker_service.errors import ImageFormatError, ImageTooLargeError, UnsupportedImageError

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_OTHER_FORMATS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"II*\x00", "TIFF"),
    (0, b"MM\x00*", "TIFF"),
    (8, b"WEBP", "WebP"),
    (4, b"ftyp", "HEIF, AVIF or MP4"),
    (0, b"%PDF", "PDF"),
    (0, b"<svg", "SVG"),
    (0, b"\x00\x00\x00\x0cjP", "JPEG 2000"),
)
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start of frame (ITU-T T.81, table B.1): the segment with the size."""
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""
_START_OF_SCAN = b"\xff\xda"
MOST_SCANS = 100
"""Progressive files of encoders have about ten. Each scan costs a pass over the picture, however few bytes it has."""


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """The header of an image file.

    Attributes:
        kind: the format.
        width, height: pixels, before any rotation.
    """

    kind: Literal["JPEG", "PNG"]
    width: int
    height: int

    @property
    def pixels(self) -> int:
        """Pixels of the image."""
        return self.width * self.height

    @classmethod
    def read(cls, data: bytes, *, most_pixels: int) -> "ImageHeader":
        """Read the header of a file.

        Args:
            data: a JPEG or PNG file.
            most_pixels: raising it lets larger images in, at about 4 bytes a pixel while one is decoded.

        Raises:
            UnsupportedImageError: an image of another format.
            ImageTooLargeError: the header names more pixels.
            ImageFormatError: no image, a damaged header, or more scans than `MOST_SCANS`.
        """
        if data.startswith(_PNG):
            header = cls("PNG", *_png_size(data))
        elif data.startswith(_JPEG):
            header = cls("JPEG", *_jpeg_size(data))
        else:
            raise _not_an_image(data)
        if header.width == 0 or header.height == 0:
            raise ImageFormatError(f"image: expected at least one pixel, got {header.width}x{header.height}")
        if header.pixels > most_pixels:
            size = f"{header.width}x{header.height}"
            raise ImageTooLargeError(f"image: expected at most {most_pixels} pixels, got {size}")
        # Compressed data never holds the marker, a preview in the metadata one of its own.
        if header.kind == "JPEG" and (scans := data.count(_START_OF_SCAN)) > MOST_SCANS:
            raise ImageFormatError(f"image: expected a JPEG of at most {MOST_SCANS} scans, got {scans}")
        return header


def _png_size(data: bytes) -> tuple[int, int]:
    if len(data) < 24 or data[12:16] != b"IHDR":
        raise _damaged("PNG")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _jpeg_size(data: bytes) -> tuple[int, int]:
    place = 2
    while 0 <= (place := data.find(b"\xff", place)) < len(data) - 1:
        marker = data[place + 1]
        if marker in _FRAME_MARKERS and place + 9 <= len(data):
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        if marker in (0x00, 0xFF):  # padding
            place += 1
        elif marker in _BARE_MARKERS:
            place += 2
        elif marker == 0xDA or place + 4 > len(data):
            break
        else:
            place += 2 + max(2, struct.unpack_from(">H", data, place + 2)[0])
    raise _damaged("JPEG")


def _damaged(name: str) -> ImageFormatError:
    return ImageFormatError(f"image: expected a {name} file, got one with a damaged header")


def _not_an_image(data: bytes) -> ImageFormatError:
    for start, magic, name in _OTHER_FORMATS:
        if data[start : start + len(magic)] == magic:
            return UnsupportedImageError(f"image: expected JPEG or PNG, got {name}")
    return ImageFormatError(f"image: expected JPEG or PNG, got {len(data)} bytes that are no image")
