"""Decodes images with Pillow; runs in `process` only, which imports nothing that starts slowly."""

import io

from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from tracker_service.errors import ImageFormatError
from tracker_service.video.pictures.film_focal import exif_over_diagonal

# The plugins are opened directly: `Image.open` would apply a size limit of the whole process, and warn.
_PLUGINS: dict[str, type[ImageFile]] = {"JPEG": JpegImageFile, "PNG": PngImageFile}
_ORIENTATION = 0x0112
_DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N")


def decoded(kind: str, data: bytes, size: tuple[int, int]) -> Image.Image:
    """Return the upright RGB image of a file.

    Transparency is ignored, 16-bit values are reduced to their upper 8 bits, CMYK is converted without a profile.

    Args:
        kind: JPEG or PNG.
        data: the file.
        size: width and height that were read from its header, before any rotation.

    Raises:
        ImageFormatError: the data is damaged, ends too early, or is of another size.
        MemoryError: there is not enough.
    """
    try:
        file = _PLUGINS[kind](io.BytesIO(data))
        _check_size(file.size, size)
        file.load()
        return _to_rgb(_upright(file))
    except (MemoryError, ImageFormatError):
        raise
    except Exception as error:  # Pillow's parsers raise whatever their parts raise on damaged data
        raise ImageFormatError("image: expected a complete file, got damaged or missing data") from error


def written_focal(image: Image.Image) -> float:
    """Return the focal length over the diagonal that a decoded image's metadata says, 0 where it says none."""
    try:
        return exif_over_diagonal(image) or 0.0
    except MemoryError:
        raise
    except Exception:  # damaged metadata does not make an image unusable
        return 0.0


def _check_size(size: tuple[int, int], expected: tuple[int, int]) -> None:
    if size != expected:
        raise ImageFormatError(f"image: expected {expected[0]}x{expected[1]} pixels, got {size[0]}x{size[1]}")


def _upright(image: Image.Image) -> Image.Image:
    try:
        if image.getexif().get(_ORIENTATION, 1) == 1:
            return image
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:  # damaged metadata does not make an image unusable
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode in _DEEP_MODES:
        # Pillow's own conversion clips 16 bits to 255.
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if image.mode == "P":
        image = image.convert("RGBA")
    return image.convert("RGB")
