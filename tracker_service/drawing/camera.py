"""The pinhole camera that maps camera-space metres to pixels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker_service.types import Float64
from tracker_service.types.calibration import Calibration
from tracker_service.types.phalp_vectors import FOCAL_OVER_SIZE


@dataclass(frozen=True, slots=True)
class PinholeCamera:
    """A camera at the origin: x right, y down, z into the scene; no distortion.

    Attributes:
        focal: focal length in pixels; raising it magnifies.
        center_x, center_y: principal point in pixels; the centre of the top left pixel is (0.5, 0.5).
    """

    focal: float
    center_x: float
    center_y: float

    @classmethod
    def of_frame(cls, width: int, height: int) -> "PinholeCamera":
        """Return the camera of HMR2's full-frame translations: focal 5000/256 times the longer side, centred.

        4D-Humans, ``cam_crop_to_full`` in ``hmr2/utils/renderer.py``.
        """
        return cls(FOCAL_OVER_SIZE * max(width, height), width / 2, height / 2)

    @classmethod
    def calibrated(cls, calibration: Calibration) -> "PinholeCamera":
        """Return the camera of a frame whose focal length is known."""
        return cls(calibration.focal_length, calibration.width / 2, calibration.height / 2)

    def project(self, points: NDArray[np.floating]) -> Float64:
        """Map (..., 3) points in metres to (..., 2) pixels; points at or behind the camera become non-finite."""
        points = np.asarray(points, np.float64)
        depth = np.where(points[..., 2] > 0, points[..., 2], np.nan)
        x = self.focal * points[..., 0] / depth + self.center_x
        y = self.focal * points[..., 1] / depth + self.center_y
        return np.stack([x, y], axis=-1)

    def zoomed(self, factor: float) -> "PinholeCamera":
        """Return the camera of the same view on an image ``factor`` times as large."""
        return PinholeCamera(self.focal * factor, self.center_x * factor, self.center_y * factor)
