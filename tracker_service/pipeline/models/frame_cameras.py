"""The cameras of frames, as far as their focal lengths are known."""

from collections.abc import Sequence

from tracker_service.pipeline.models.field_of_view import FieldOfViewModel
from tracker_service.types import Frame
from tracker_service.types.calibration import Calibration, FocalLength, FocalSource


class FrameCameras:
    """Tells the camera of every frame: from what is known of all, else from the frame, else from what a model sees.

    Args:
        focal: of all frames, None where every frame has its own.
        seen: the model, None where it is not served or not to be asked.
    """

    def __init__(self, focal: FocalLength | None, seen: FieldOfViewModel | None = None) -> None:
        self._focal, self._seen = focal, seen

    def of(self, window: Sequence[Frame]) -> list[Calibration | None]:
        """Return the cameras of a window's frames; raises `InferenceError` where the model fails."""
        focals = [frame.focal if self._focal is None else self._focal for frame in window]
        unknown = [row for row, focal in enumerate(focals) if focal is None]
        if self._seen is not None and unknown:
            views = self._seen.degrees_of_each([window[row].image for row in unknown])
            for row, degrees in zip(unknown, views, strict=True):
                focals[row] = FocalLength(FocalSource.ESTIMATED, field_of_view=degrees)
        return [
            None if focal is None else focal.in_frame(frame.picture.size)
            for frame, focal in zip(window, focals, strict=True)
        ]
