"""An image that a client sent, decoded."""

from dataclasses import dataclass

from tracker_service.types import UInt8
from tracker_service.types.calibration import FocalLength


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """An upright image.

    Attributes:
        pixels: (H, W, 3) uint8 RGB.
        focal: of its camera, None where the file does not say it.
    """

    pixels: UInt8
    focal: FocalLength | None = None
