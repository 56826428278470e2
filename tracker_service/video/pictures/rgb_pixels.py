"""Pixels of a picture as they are meant to be seen: upright, 8-bit RGB."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from tracker_service.types import Float32, UInt8

_FULL_RANGE = {"I": 65535.0, "F": 1.0}
"""White of the pixel modes that do not say it themselves, where no value exceeds it."""


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """A decoded picture.

    Attributes:
        image: (H, W, 3) uint8 RGB, upright.
        transparent: whether it had transparent parts, which are shown on white.
    """

    image: UInt8
    transparent: bool


def upright_rgb(picture: Image.Image) -> Pixels:
    """Return a picture upright as 8-bit RGB.

    The EXIF orientation is applied. Transparent parts are shown on white. Grey values of 16 bits keep their upper 8,
    whatever range they use; those of more bits are taken relative to 65535 or, where that is exceeded, to the largest;
    floating-point ones relative to 1 likewise. CMYK is converted without a colour profile, and no profile is applied.
    """
    turned = _turned(picture)
    if turned.has_transparency_data:
        return _on_white(turned.convert("RGBA"))
    if turned.mode.startswith("I;16"):
        # Pillow's own conversion clips 16 bits to 255.
        return _grey((np.asarray(turned) >> 8).astype(np.uint8))
    if turned.mode in _FULL_RANGE:
        return _grey(_scaled(np.asarray(turned, np.float32), _FULL_RANGE[turned.mode]))
    return Pixels(np.array(turned.convert("RGB"), np.uint8), transparent=False)


def _turned(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except MemoryError:
        raise
    except Exception:  # damaged metadata does not make a picture unusable
        return picture


def _on_white(picture: Image.Image) -> Pixels:
    white = Image.new("RGBA", picture.size, "white")
    transparent = picture.getchannel("A").getextrema() != (255, 255)
    shown = Image.alpha_composite(white, picture) if transparent else picture
    return Pixels(np.array(shown.convert("RGB"), np.uint8), transparent)


def _grey(values: UInt8) -> Pixels:
    return Pixels(np.repeat(values[..., None], 3, axis=2), transparent=False)


def _scaled(values: Float32, full: float) -> UInt8:
    known = np.nan_to_num(values, nan=0.0, posinf=full, neginf=0.0).clip(min=0)
    return (known * (255 / max(full, float(known.max(initial=0))))).round().astype(np.uint8)
