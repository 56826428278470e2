"""The overlay as a stage: drawn in a thread of its own, ahead of whoever writes it."""

from collections.abc import Generator, Iterable

from tracker_service.body.model import BodyModel
from tracker_service.drawing.overlay import draw_overlay
from tracker_service.drawing.style import OverlayStyle
from tracker_service.pipeline.overlap import map_in_order
from tracker_service.pipeline.recorder import TrackedFrame
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.tracking import Border
from tracker_service.types import UInt8

_DRAWN_AHEAD = 2


def drawn(
    stream: Iterable[TrackedFrame | Border], style: OverlayStyle | None, body: BodyModel, times: StageTimes
) -> Generator[tuple[TrackedFrame | Border, UInt8 | None], None, None]:
    """Yield every item with its picture, (H, W, 3) uint8 RGB; None without a style, an image, and for borders."""

    def draw(item: TrackedFrame | Border) -> tuple[TrackedFrame | Border, UInt8 | None]:
        if style is None or isinstance(item, Border) or item.picture is None:
            return item, None
        with times.measure("drawing"):
            return item, draw_overlay(item.picture.pixels(), item.result, body=body, style=style)

    return map_in_order(draw, stream, workers=1, in_flight=_DRAWN_AHEAD)
