"""The camera of the clip, and any other place the world is looked at from."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tracker_service.drawing.camera import PinholeCamera
from tracker_service.types import Float64


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A pinhole camera placed in the world.

    Attributes:
        rotation: (3, 3) world to camera.
        position: (3,) of the camera in the world, metres.
        camera: maps camera space to pixels.
        size: width and height of the image, pixels.
    """

    rotation: Float64
    position: Float64
    camera: PinholeCamera
    size: tuple[int, int]

    @classmethod
    def looking(
        cls, position: NDArray[np.floating], target: NDArray[np.floating], focal: float, size: tuple[int, int]
    ) -> Self:
        """Return the upright view from ``position`` with ``target`` in the middle of the image."""
        ahead = np.asarray(target, np.float64) - position
        ahead /= np.linalg.norm(ahead)
        right = np.cross(ahead, [0.0, 1.0, 0.0])
        right /= np.linalg.norm(right)
        rotation = np.stack([right, np.cross(ahead, right), ahead])
        camera = PinholeCamera(focal, size[0] / 2, size[1] / 2)
        return cls(rotation, np.asarray(position, np.float64), camera, size)

    def to_camera(self, points: NDArray[np.floating]) -> Float64:
        """Carry (..., 3) world points into camera space."""
        return np.asarray((np.asarray(points, np.float64) - self.position) @ self.rotation.T)

    def project(self, points: NDArray[np.floating]) -> Float64:
        """Map (..., 3) world points to (..., 2) pixels."""
        return self.camera.project(self.to_camera(points))

    def zoomed(self, factor: int) -> Self:
        """Return the same view on an image ``factor`` times as large."""
        size = (self.size[0] * factor, self.size[1] * factor)
        return type(self)(self.rotation, self.position, self.camera.zoomed(factor), size)

    def rays(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> Float64:
        """Return the (..., 3) world directions, not normalised, that pixels look along."""
        camera = self.camera
        along = np.stack(
            [(x - camera.center_x) / camera.focal, (y - camera.center_y) / camera.focal, np.ones_like(x)], axis=-1
        )
        return np.asarray(along @ self.rotation)
