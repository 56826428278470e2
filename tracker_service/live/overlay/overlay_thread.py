"""Draws the newest frame in a thread of its own: whoever watches never delays the results."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Thread

from tracker_service.body.model import BodyModel
from tracker_service.drawing.overlay import draw_overlay
from tracker_service.drawing.style import OverlayStyle
from tracker_service.errors import PhalpTritonError
from tracker_service.live.live_frame_result import LiveFrameResult
from tracker_service.types import UInt8


@dataclass(frozen=True, slots=True, eq=False)
class DrawnFrame:
    """A picture to be shown.

    Attributes:
        picture: (H, W, 3) uint8 RGB.
        timestamp: of its frame, seconds since the first one.
    """

    picture: UInt8
    timestamp: float


class OverlayThread:
    """Gives drawn frames to a consumer; frames that come while it is busy are left out, all but the newest.

    Args:
        show: takes a drawn frame; called in the thread. A `PhalpTritonError` of it ends the drawing.
        style: how people are drawn.
        body: of the model set.
        on_error: called with the error that ended the drawing.
    """

    def __init__(
        self,
        show: Callable[[DrawnFrame], None],
        style: OverlayStyle,
        body: BodyModel,
        on_error: Callable[[PhalpTritonError], None] = lambda _: None,
    ) -> None:
        self._show, self._style, self._body, self._on_error = show, style, body, on_error
        self._newest: LiveFrameResult | None = None
        self._changed = Condition()
        self._ended = False
        self._thread = Thread(target=self._run, name="live-overlay", daemon=True)
        self._thread.start()

    def give(self, frame: LiveFrameResult) -> None:
        """Take a frame with its picture; never waits."""
        with self._changed:
            self._newest = frame
            self._changed.notify()

    def close(self) -> None:
        """Draw the last frame and end."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()

    def _next(self) -> LiveFrameResult | None:
        with self._changed:
            while self._newest is None and not self._ended:
                self._changed.wait()
            frame, self._newest = self._newest, None
            return frame

    def _run(self) -> None:
        while (frame := self._next()) is not None:
            if frame.picture is None:
                continue
            picture = draw_overlay(frame.picture.pixels(), frame.result, body=self._body, style=self._style)
            try:
                self._show(DrawnFrame(picture, frame.result.timestamp))
            except PhalpTritonError as error:
                self._on_error(error)
                return
