"""Encoded images: the header is checked before anything is decoded."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from tracker_service.errors import ImageFormatError, ImageTooLargeError, UnsupportedImageError
from tracker_service.types import UInt8

# The plugins are opened directly: `Image.open` would apply a size limit of the whole process, and warn.
_PLUGINS: tuple[tuple[bytes, str, type[ImageFile]], ...] = (
    (b"\xff\xd8\xff", "JPEG", JpegImageFile),
    (b"\x89PNG\r\n\x1a\n", "PNG", PngImageFile),
)
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
_ORIENTATION = 0x0112
_DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N")


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """A JPEG or PNG file whose header is valid; its pixels are not decoded yet.

    Attributes:
        data: the file as it was sent.
        width, height: as the header says, before any rotation.
    """

    data: bytes
    width: int
    height: int
    _file: ImageFile

    @classmethod
    def open(cls, data: bytes, *, most_pixels: int) -> "EncodedImage":
        """Read the header.

        Args:
            data: a JPEG or PNG file.
            most_pixels: raising it lets larger images in, at about 4 bytes a pixel while one is decoded.

        Raises:
            UnsupportedImageError: an image of another format.
            ImageTooLargeError: the header names more pixels.
            ImageFormatError: no image, or a damaged header.
        """
        name, plugin = _plugin(data)
        try:
            file = plugin(io.BytesIO(data))
        except Exception as error:  # Pillow's parsers raise whatever their parts raise on damaged data
            raise ImageFormatError(f"image: expected a {name} file, got one with a damaged header") from error
        width, height = file.size
        if width * height > most_pixels:
            raise ImageTooLargeError(f"image: expected at most {most_pixels} pixels, got {width}x{height}")
        return cls(data, width, height, file)

    def decode(self) -> UInt8:
        """Return the upright image, (H, W, 3) uint8 RGB; to be called once.

        Transparency is ignored, 16-bit values are reduced to their upper 8 bits, CMYK is converted without a profile.

        Raises:
            ImageFormatError: the data is damaged or ends too early.
        """
        try:
            self._file.load()
            upright = _upright(self._file)
            return np.asarray(_to_rgb(upright))
        except MemoryError:
            raise
        except Exception as error:
            raise ImageFormatError("image: expected a complete file, got damaged or missing data") from error


def _plugin(data: bytes) -> tuple[str, type[ImageFile]]:
    for magic, name, plugin in _PLUGINS:
        if data.startswith(magic):
            return name, plugin
    for start, magic, name in _OTHER_FORMATS:
        if data[start : start + len(magic)] == magic:
            raise UnsupportedImageError(f"image: expected JPEG or PNG, got {name}")
    raise ImageFormatError(f"image: expected JPEG or PNG, got {len(data)} bytes that are no image")


def _upright(image: Image.Image) -> Image.Image:
    try:
        if image.getexif().get(_ORIENTATION, 1) == 1:
            return image
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged metadata does not make an image unusable
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode in _DEEP_MODES:
        # Pillow's own conversion clips 16 bits to 255.
        return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode == "P":
        image = image.convert("RGBA")
    return image.convert("RGB")
