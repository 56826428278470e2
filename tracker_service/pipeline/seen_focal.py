"""The focal length of a live camera that a model sees."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tracker_service.pipeline.observation import FrameObservation
from tracker_service.types import Float64
from tracker_service.types.calibration import FocalLength, FocalSource

_FRAMES = 8
"""Frames whose median is taken; of more it is steadier and costs the model more often."""


class SeenFocal:
    """Takes the median of what a model saw in the first frames; then it stays, and the model is asked no more.

    Frames whose focal length comes from elsewhere are left as they are and count for nothing.
    """

    def __init__(self) -> None:
        self._degrees: list[float] = []

    @property
    def settled(self) -> FocalLength | None:
        """What the frames to come have, None while the model is still asked."""
        return self._median() if len(self._degrees) >= _FRAMES else None

    def calibrated(self, seen: FrameObservation) -> FrameObservation:
        """Return an observed frame with the focal length that is known by now."""
        camera = seen.result.calibration
        if camera is None or camera.source is not FocalSource.ESTIMATED:
            return seen
        if len(self._degrees) < _FRAMES:
            self._degrees.append(camera.field_of_view)
        known = self._median().in_frame((camera.width, camera.height))
        return replace(seen, result=replace(seen.result, calibration=known))

    def array(self) -> Float64:
        """Return what was seen, to be kept."""
        return np.array(self._degrees, np.float64)

    def restore(self, seen: NDArray[np.floating] | Sequence[float]) -> None:
        """Take over what another one's `array` returned."""
        self._degrees = [float(degrees) for degrees in seen]

    def _median(self) -> FocalLength:
        return FocalLength(FocalSource.ESTIMATED, field_of_view=float(np.median(self._degrees)))
