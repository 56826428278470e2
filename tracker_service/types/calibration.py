"""The picture's camera, where its focal length is known, and people before it in metres.

Its axes: x right, y down, z ahead; the principal point is the middle of the picture, pixels are square, nothing is
distorted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tracker_service.errors import ContractError
from tracker_service.types.arrays import Float32, Float64
from tracker_service.types.phalp_vectors import FOCAL_OVER_SIZE

_NEAREST = 1e-3
"""Metres; a person that a wild estimate puts behind the camera stands there instead."""


class FocalSource(StrEnum):
    """Who says what the focal length is: the user, the file, or a model that looked at the picture."""

    GIVEN = "given"
    METADATA = "metadata"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class Calibration:
    """The camera of a frame.

    Attributes:
        focal_length: pixels.
        source: who says so.
        width, height: of the frame, pixels.
    """

    focal_length: float
    source: FocalSource
    width: int
    height: int

    def __post_init__(self) -> None:
        if not (np.isfinite(self.focal_length) and self.focal_length > 0):
            raise ContractError(f"Calibration.focal_length: expected pixels above 0, got {self.focal_length}")

    @property
    def field_of_view(self) -> float:
        """Vertical, degrees."""
        return float(np.degrees(2 * np.arctan(self.height / (2 * self.focal_length))))

    @property
    def depth_factor(self) -> float:
        """What depths of PHALP's camera are multiplied by to be metres."""
        return self.focal_length / (FOCAL_OVER_SIZE * max(self.width, self.height))

    def crop_places(self, centers: NDArray[np.floating], sides: NDArray[np.floating]) -> Float32:
        """Return the (n, 3) ``bbox_info`` of square crops: centre from the middle and side, over the focal length.

        CameraHMR, ``core/camerahmr_model.py``.

        Args:
            centers: (n, 2) pixels.
            sides: (n,) pixels.
        """
        from_middle = np.asarray(centers, np.float64) - np.array([self.width, self.height]) / 2
        places = np.column_stack([from_middle, np.asarray(sides, np.float64)]) / self.focal_length
        return places.astype(np.float32)

    def roots(self, pelvises: NDArray[np.floating], cameras: NDArray[np.floating]) -> Float64:
        """Return the (n, 3) pelvises before this camera, metres.

        Args:
            pelvises: (n, 3) in model space.
            cameras: (n, 3) PHALP's translations in the full frame.
        """
        there = np.asarray(pelvises, np.float64) + np.asarray(cameras, np.float64)
        depths = np.maximum(there[:, 2] * self.depth_factor, _NEAREST)
        return np.column_stack([there[:, :2], depths])

    def phalp_cameras(self, pelvises: NDArray[np.floating], roots: NDArray[np.floating]) -> Float64:
        """Return PHALP's (n, 3) translations of people whose pelvises are at ``roots``; undoes `roots`."""
        there = np.asarray(roots, np.float64) / np.array([1, 1, self.depth_factor])
        return np.asarray(there - np.asarray(pelvises, np.float64), np.float64)


@dataclass(frozen=True, slots=True)
class FocalLength:
    """The focal length of a video, before it is known how large its frames are.

    Attributes:
        source: who says so.
        pixels: in pixels of the frames; None where the field of view is given.
        field_of_view: vertical, degrees; None where pixels are given.
    """

    source: FocalSource
    pixels: float | None = None
    field_of_view: float | None = None

    def __post_init__(self) -> None:
        if (self.pixels is None) == (self.field_of_view is None):
            raise ContractError("FocalLength: expected pixels or a field of view, got both or neither")

    def to_json(self) -> dict[str, str | float | None]:
        """Return the values for JSON."""
        return {"source": str(self.source), "pixels": self.pixels, "field_of_view": self.field_of_view}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        return cls(FocalSource(values["source"]), values["pixels"], values["field_of_view"])

    def in_frame(self, size: tuple[int, int]) -> Calibration:
        """Return the camera of frames of (width, height) pixels."""
        width, height = size
        pixels = self.pixels
        if pixels is None:
            pixels = height / (2 * float(np.tan(np.radians(self.field_of_view or 0.0) / 2)))
        return Calibration(pixels, self.source, width, height)


def aimed(rays: NDArray[np.floating]) -> Float64:
    """Return the (n, 3, 3) shortest rotations that carry the optical axis into (n, 3) directions with positive z.

    The body model sees a crop as if it lay in the middle of the picture: a body in the axes of its crop, turned so, is
    in the axes of the camera. Rodrigues' formula about z x ray.
    """
    ray = np.asarray(rays, np.float64)
    x, y, z = (ray / np.linalg.norm(ray, axis=1, keepdims=True)).T
    share = 1 / (1 + z)
    rows = [
        [1 - x * x * share, -x * y * share, x],
        [-x * y * share, 1 - y * y * share, y],
        [-x, -y, z],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
