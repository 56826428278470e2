"""Turning frames upright: the display matrix that phones write instead of turning the pixels."""

import struct
from dataclasses import dataclass
from typing import Self, cast

import cv2
import numpy as np
from av.sidedata.sidedata import SideDataContainer, Type
from av.video.frame import VideoFrame

from tracker_service.types import UInt8


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways in which a stored image can lie: transposed or not, then mirrored along each axis.

    Attributes:
        transposed: rows and columns change places first.
        mirrored_x: left and right change places.
        mirrored_y: top and bottom change places.
    """

    transposed: bool = False
    mirrored_x: bool = False
    mirrored_y: bool = False

    @classmethod
    def from_display_matrix(cls, matrix: tuple[int, ...]) -> Self:
        """Return the orientation nearest to a display matrix.

        Args:
            matrix: nine numbers as in the ISO base media file format (track header): the stored point (x, y) is shown
                at (a x + c y, b x + d y), where a, b, c, d are the elements 0, 1, 3, 4; y points down.
        """
        a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(transposed=True, mirrored_x=c < 0, mirrored_y=b < 0)
        return cls(mirrored_x=a < 0, mirrored_y=d < 0)

    @classmethod
    def of_frame(cls, frame: VideoFrame) -> Self:
        """Return how a decoded frame has to be turned; frames without a display matrix are upright."""
        # PyAV's type hints only know the motion vectors.
        side_data = cast("SideDataContainer", frame.side_data)
        if Type.DISPLAYMATRIX not in side_data:
            return cls()
        return cls.from_display_matrix(struct.unpack("=9i", bytes(side_data[Type.DISPLAYMATRIX])))

    def shown_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the upright (width, height) of a stored one, and the other way round."""
        return (size[1], size[0]) if self.transposed else size

    def stored_window(self, rows: slice, columns: slice, size: tuple[int, int]) -> tuple[slice, slice]:
        """Return the rows and columns in which a part of the upright image is stored.

        Args:
            rows: of the part, with a start and a stop inside the image.
            columns: likewise.
            size: stored (width, height).
        """
        width, height = self.shown_size(size)
        if self.mirrored_x:
            columns = slice(width - columns.stop, width - columns.start)
        if self.mirrored_y:
            rows = slice(height - rows.stop, height - rows.start)
        return (columns, rows) if self.transposed else (rows, columns)

    def upright(self, image: UInt8) -> UInt8:
        """Return the image turned upright; the same array if there is nothing to do."""
        if self.transposed:
            image = np.asarray(cv2.transpose(image), np.uint8)
        if self.mirrored_x and self.mirrored_y:
            return np.asarray(cv2.flip(image, -1), np.uint8)
        if self.mirrored_x:
            return np.asarray(cv2.flip(image, 1), np.uint8)
        if self.mirrored_y:
            return np.asarray(cv2.flip(image, 0), np.uint8)
        return image
