"""One's own images, and one's own detections, followed as they come."""

from contextlib import ExitStack, closing
from types import TracebackType
from typing import Any, Self

from tracker_service.errors import TrackerClosedError
from tracker_service.library.keywords import settings_of
from tracker_service.library.live_input import (
    checked_detections,
    checked_number,
    checked_picture,
    checked_rate,
    checked_timestamp,
)
from tracker_service.settings import Settings
from tracker_service.types import Detections, Frame, FrameResult, UInt8
from tracker_service.types.frames import USUAL_RATE
from tracker_service.wiring.live import open_frame_tracker
from tracker_service.wiring.models import open_client


def open_tracker(*, settings: Settings | None = None, fps: float = USUAL_RATE, **changes: Any) -> "LiveTracker":
    """Open a tracker that takes images one by one and names the people of each at once.

    Args:
        settings: everything that can be set; None takes the defaults and the environment.
        fps: images a second, a finite number above 0, for the timestamps of images that come without one.
        changes: settings by keyword, as for `track`.

    Raises:
        SettingsError: a setting is unknown, or it or ``fps`` has a value that cannot be used.
        InferenceError: a model is not there.
    """
    return LiveTracker(settings_of(settings, changes), checked_rate(fps))


class LiveTracker:
    """Follows people through images that come one by one; a context manager.

    Tentative people are named at once, and nobody is written into earlier images: what was said of an image stands
    (see `tracker_service.phalp.reporting`). Not safe to use from several threads at the same time.
    """

    def __init__(self, settings: Settings, fps: float) -> None:
        self.settings = settings
        self._fps = fps
        self._last, self._closed = -1, False
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
            image: array of (H, W, 3) uint8 RGB, at least one pixel; no other type is converted, because its numbers
                may mean something else.
            detections: of this image, where they come from elsewhere, scores in [0, 1]; None lets the detector look.
                The gates of the settings hold for them, too, and nobody else is looked for.
            frame_number: of the image, an integer greater than the last one's; None counts on. Numbers that are left
                out are frames in which nobody was seen.
            timestamp: seconds since the first image, finite; None takes the number at ``fps``.
            shot: whether a new shot begins with it.

        Raises:
            ContractError: the image, the detections, the number or the timestamp cannot be used, or ``use_gt`` finds no
                identities. The tracker stands where it stood.
            TrackerClosedError: the tracker was closed.
            InferenceError: a model did not answer.
        """
        if self._closed:
            raise TrackerClosedError("LiveTracker.update: expected an open tracker, got one that was closed")
        picture = checked_picture(image)
        number = self._last + 1 if frame_number is None else checked_number(frame_number, self._last)
        seconds = number / self._fps if timestamp is None else checked_timestamp(timestamp)
        given = checked_detections(detections, with_identities=self.settings.phalp.use_gt)
        result = self._tracker.update(Frame(number, seconds, picture, shot), given)
        self._last = number
        return result

    def close(self) -> None:
        """Close the models; no image is taken any more. Closing twice is allowed."""
        self._closed = True
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
