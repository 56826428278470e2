"""One colour per identity."""

import colorsys
from typing import TypeAlias

Color: TypeAlias = tuple[int, int, int]
"""RGB, 0 to 255."""

WHITE: Color = (255, 255, 255)
BLACK: Color = (16, 18, 22)

_FIRST: tuple[Color, ...] = (
    (64, 156, 255),
    (255, 140, 66),
    (62, 196, 122),
    (235, 92, 140),
    (158, 118, 245),
    (250, 204, 60),
    (48, 196, 208),
    (232, 84, 72),
    (150, 208, 72),
    (196, 112, 216),
    (208, 158, 112),
    (112, 138, 190),
)
_GOLDEN_ANGLE = 0.61803398875


def track_color(track_id: int) -> Color:
    """Return the colour of an identity: the same at every call, in every process, and unlike its neighbours'."""
    index = max(track_id, 1) - 1
    if index < len(_FIRST):
        return _FIRST[index]
    # Steps of the golden angle never settle into a short cycle of hues.
    hue = (index * _GOLDEN_ANGLE) % 1.0
    lightness, saturation = (0.62, 0.48, 0.72)[index % 3], (0.72, 0.6)[index % 2]
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def mixed(color: Color, other: Color, share: float) -> Color:
    """Return ``color`` with ``share`` (0 to 1) of ``other`` mixed in."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(color, other, strict=True))
    return red, green, blue


def readable_on(color: Color) -> Color:
    """Return black or white, whichever is easier to read on ``color``."""
    luminance = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
    return BLACK if luminance > 140 else WHITE
