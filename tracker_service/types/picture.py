"""A frame's picture, of which no more is made than somebody looks at.

Most of a frame is never looked at in full size: the detector and what follows the camera see it reduced, the body model
sees the people cut out. Where frames come from a decoder, each of these is made straight from what it gives.
"""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from tracker_service.types.arrays import UInt8, assign, checked


class Picture(Protocol):
    """An upright picture; safe to use from several threads at once. What it returns is not to be written to."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height), pixels."""
        ...

    def pixels(self) -> UInt8:
        """Return the whole picture, (H, W, 3) uint8 RGB."""
        ...

    def window(self, rows: slice, columns: slice) -> UInt8:
        """Return the part ``pixels()[rows, columns]``; both slices have a start and a stop inside the picture.

        A fourth channel, which means nothing, may follow the three: (h, w, 3) or (h, w, 4) uint8.
        """
        ...

    def reduced(self, size: tuple[int, int], out: UInt8 | None = None) -> UInt8:
        """Return the picture at a smaller (width, height): every pixel is the mean of those it covers.

        It is written to ``out``, (height, width, 3) uint8 with any distance between its rows, where that is given.
        """
        ...

    def brightness(self, size: tuple[int, int]) -> UInt8:
        """Return `reduced` in grey, (height, width) uint8; the picture's own size is allowed."""
        ...

    def thumbnail(self, size: tuple[int, int]) -> UInt8:
        """Return a small copy of (width, height) for comparisons; pixels may be left out of its means."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ArrayPicture:
    """A picture that is there as a whole.

    Attributes:
        image: (H, W, 3) uint8 RGB.
    """

    image: UInt8

    def __post_init__(self) -> None:
        assign(self, "image", checked("Frame.image", self.image, np.uint8, (None, None, 3)))

    @property
    def size(self) -> tuple[int, int]:
        """See `Picture.size`."""
        return self.image.shape[1], self.image.shape[0]

    def pixels(self) -> UInt8:
        """See `Picture.pixels`."""
        return self.image

    def window(self, rows: slice, columns: slice) -> UInt8:
        """See `Picture.window`."""
        return self.image[rows, columns]

    def reduced(self, size: tuple[int, int], out: UInt8 | None = None) -> UInt8:
        """See `Picture.reduced`."""
        return _reduced(self.image, size, out)

    def brightness(self, size: tuple[int, int]) -> UInt8:
        """See `Picture.brightness`."""
        small = self.image if size == self.size else self.reduced(size)
        return _grey(small)

    def thumbnail(self, size: tuple[int, int]) -> UInt8:
        """See `Picture.thumbnail`; about four by four pixels make one."""
        step = max(min(self.image.shape[0] // size[1], self.image.shape[1] // size[0]) // 4, 1)
        few = np.ascontiguousarray(self.image[::step, ::step])
        return _reduced(few, size)


# Imported where it is used: the types are also read where there is nothing but NumPy (`benchmarks.gpu_check`).
def _reduced(image: UInt8, size: tuple[int, int], out: UInt8 | None = None) -> UInt8:
    import cv2

    return np.asarray(cv2.resize(image, size, dst=out, interpolation=cv2.INTER_AREA), np.uint8)


def _grey(image: UInt8) -> UInt8:
    import cv2

    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


ImageLike: TypeAlias = UInt8 | Picture
"""A picture, or (H, W, 3) uint8 RGB."""


def picture_of(image: ImageLike) -> Picture:
    """Return an array as a picture, and a picture as it is."""
    return ArrayPicture(image) if isinstance(image, np.ndarray) else image
