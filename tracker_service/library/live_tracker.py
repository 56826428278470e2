"""One's own images, and one's own detections, followed as they come."""

from contextlib import ExitStack, closing
from types import TracebackType
from typing import Any, Self

from tracker_service.errors import ContractError
from tracker_service.library.keywords import settings_of
from tracker_service.settings import Settings
from tracker_service.types import ArrayPicture, Detections, Frame, FrameResult, UInt8
from tracker_service.wiring.live import open_frame_tracker
from tracker_service.wiring.models import open_client


def open_tracker(*, settings: Settings | None = None, fps: float = 30.0, **changes: Any) -> "LiveTracker":
    """Open a tracker that takes images one by one and names the people of each at once.

    Args:
        settings: everything that can be set; None takes the defaults and the environment.
        fps: images a second, for the timestamps of images that come without one.
        changes: settings by keyword, as for `track`.

    Raises:
        SettingsError: a setting is unknown or has a value that cannot be used.
        InferenceError: a model is not there.
    """
    return LiveTracker(settings_of(settings, changes), fps)


class LiveTracker:
    """Follows people through images that come one by one; a context manager.

    Tentative people are named at once, and nobody is written into earlier images: what was said of an image stands
    (see `tracker_service.phalp.reporting`). Not safe to use from several threads at the same time.
    """

    def __init__(self, settings: Settings, fps: float) -> None:
        self.settings = settings
        self._fps = fps
        self._last = -1
        with ExitStack() as opened:
            client = opened.enter_context(closing(open_client(settings)))
            self._tracker = open_frame_tracker(settings, client)
            self._opened = opened.pop_all()

    def update(
        self,
        image: UInt8,
        detections: Detections | None = None,
        *,
        frame_number: int | None = None,
        timestamp: float | None = None,
        shot: bool = False,
    ) -> FrameResult:
        """Follow the people into the next image.

        Args:
            image: (H, W, 3) uint8 RGB.
            detections: of this image, where they come from elsewhere; None lets the detector look. The gates of the
                settings hold for them, too, and nobody else is looked for.
            frame_number: of the image, greater than the last one's; None counts on. Numbers that are left out are
                frames in which nobody was seen.
            timestamp: seconds since the first image; None takes the number at ``fps``.
            shot: whether a new shot begins with it.

        Raises:
            ContractError: the image or the number cannot be used, or ``use_gt`` finds no identities.
            InferenceError: a model did not answer.
        """
        number = self._last + 1 if frame_number is None else frame_number
        if number <= self._last:
            raise ContractError(f"frame_number: expected more than {self._last}, got {number}")
        if self.settings.phalp.use_gt and (detections is None or detections.identities is None):
            raise ContractError("detections: expected identities, because use_gt is true, got none")
        frame = Frame(number, number / self._fps if timestamp is None else timestamp, ArrayPicture(image), shot)
        result = self._tracker.update(frame, detections)
        self._last = number
        return result

    def close(self) -> None:
        """Close the models; closing twice is allowed."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
