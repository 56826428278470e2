"""How the picture of the background moved from one frame to the next."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.errors import ContractError
from tracker_service.types.arrays import Float64, assign, checked

_IDENTITY = np.eye(3)


@dataclass(frozen=True, slots=True, eq=False)
class CameraMotion:
    """Where the background of the previous frame is in this one.

    Attributes:
        matrix: (3, 3) float64, maps pixels (x, y, 1) of the previous frame into this one, up to a factor; invertible.
        confidence: 0 to 1; at 0 the motion is not known and the matrix says nothing.
        moments: (3, 3) float64, mean over the corners that agree of the outer product of where a corner is in this
            frame and where it was in the previous one, pixels (x, y, 1) both: what a turn of the camera is estimated
            from (`tracker_service.camera.world.turning`); None where they are not kept.
    """

    matrix: Float64
    confidence: float = 1.0
    moments: Float64 | None = None

    def __post_init__(self) -> None:
        assign(self, "matrix", checked("CameraMotion.matrix", self.matrix, np.float64, (3, 3)))
        if not np.isfinite(self.matrix).all() or abs(np.linalg.det(self.matrix)) < 1e-12:
            raise ContractError("CameraMotion.matrix: expected an invertible matrix of finite numbers")
        if self.moments is not None:
            assign(self, "moments", checked("CameraMotion.moments", self.moments, np.float64, (3, 3)))
        if not 0 <= self.confidence <= 1:
            raise ContractError(f"CameraMotion.confidence: expected a number from 0 to 1, got {self.confidence}")

    @classmethod
    def none(cls) -> Self:
        """The camera stood still."""
        return cls(_IDENTITY)

    @property
    def known(self) -> bool:
        """Whether the matrix says anything."""
        return self.confidence > 0

    @property
    def still(self) -> bool:
        """Whether the picture did not move at all."""
        return self.known and bool((self.matrix == _IDENTITY).all())

    def apply(self, points: Float64) -> Float64:
        """Return (..., 2) pixels of the previous frame as pixels of this one, float64."""
        mapped = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        return np.asarray(mapped[..., :2] / mapped[..., 2:], np.float64)
