"""The shape of pixels: video whose samples are not square when shown."""

from dataclasses import dataclass
from fractions import Fraction

_NEARLY_SQUARE = 0.01
"""Ratios this near to 1 are taken for 1: encoders write 404:405 and the like when they round a size."""

_STRONGEST = 10
"""A ratio beyond it, either way, is a damaged header."""


@dataclass(frozen=True, slots=True)
class SquarePixels:
    """Sizes in square pixels, from a container and a codec that may both state the ratio of a pixel's sides.

    As in FFmpeg the container's word counts; only where the codec states another ratio than at first, that one does.

    Attributes:
        stated: width of a pixel divided by its height, as the container says; the codec's where it says nothing.
        codec: the codec's ratio at the beginning; 1 where it states none.
    """

    stated: Fraction
    codec: Fraction

    def ratio(self, codec: Fraction) -> Fraction:
        """Return the ratio to use while the codec states ``codec``; 1 for one that is nearly 1 or cannot be."""
        ratio = self.stated if codec == self.codec else codec
        possible = Fraction(1, _STRONGEST) <= ratio <= _STRONGEST and abs(ratio - 1) >= _NEARLY_SQUARE
        return ratio if possible else Fraction(1)

    def shown_size(self, width: int, height: int, codec: Fraction) -> tuple[int, int]:
        """Return a stored size in square pixels: the axis with too few samples grows, so that no detail is lost."""
        ratio = self.ratio(codec)
        return (round(width * ratio), height) if ratio >= 1 else (width, round(height / ratio))

    @property
    def expressions(self) -> tuple[str, str]:
        """`shown_size` as expressions of FFmpeg's filter "scale", which knows the codec's ratio of each frame."""
        ratio = f"if(lt(abs(sar-{float(self.codec):.9f}),1e-6),{float(self.stated):.9f},sar)"
        possible = f"between(ld(0),{1 / _STRONGEST},{_STRONGEST})*gte(abs(ld(0)-1),{_NEARLY_SQUARE})"
        begin = f"st(0,{ratio});st(0,if({possible},ld(0),1));"
        return f"{begin}if(gte(ld(0),1),round(iw*ld(0)),iw)", f"{begin}if(gte(ld(0),1),ih,round(ih/ld(0)))"
