"""The focal length that a camera wrote into a picture, as that of a camera with 35 mm film.

It is the one that shows as much on a frame of film of 36 x 24 mm (CIPA DCG-001: as much along the diagonal).
"""

import math

from PIL import Image

_FILM_DIAGONAL = math.hypot(36.0, 24.0)
"""Millimetres."""
_EXIF_IFD, _FOCAL_35MM = 0x8769, 0xA405
_SHORTEST, _LONGEST = 4.0, 2000.0
"""Millimetres of film; cameras write 0 where they do not know."""


def exif_over_diagonal(image: Image.Image) -> float | None:
    """Return the focal length over the diagonal of an opened picture, None where it does not say."""
    return over_diagonal(image.getexif().get_ifd(_EXIF_IFD).get(_FOCAL_35MM))


def over_diagonal(value: object) -> float | None:
    """Return millimetres of film over the film's diagonal, None for what is no focal length."""
    try:
        millimetres = float(str(value))
    except ValueError:
        return None
    return millimetres / _FILM_DIAGONAL if _SHORTEST <= millimetres <= _LONGEST else None
