"""Marks the frames with which a new shot begins."""

from collections import deque
from collections.abc import Iterable, Iterator

from tracker_service.pipeline.perception import MarkedFrame
from tracker_service.types import Frame
from tracker_service.video.shots import ShotDetector


def mark_shots(frames: Iterable[Frame], *, detect: bool) -> Iterator[MarkedFrame]:
    """Yield every frame, marked; with ``detect`` a few frames late (the detector's look-ahead), else at once."""
    if not detect:
        yield from map(MarkedFrame, frames)
        return
    detector = ShotDetector()
    waiting: deque[Frame] = deque()
    for frame in frames:
        waiting.append(frame)
        if (decision := detector.push(frame)) is not None:
            yield MarkedFrame(waiting.popleft(), decision.shot)
    for decision in detector.finish():
        yield MarkedFrame(waiting.popleft(), decision.shot)
