"""Marks the frames with which a new shot begins."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tracker_service.types import Frame
from tracker_service.video.shots import ShotDetector


def mark_shots(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Yield every frame, marked where a new shot begins, a few frames late (the detector's look-ahead)."""
    detector = ShotDetector()
    waiting: deque[Frame] = deque()
    for frame in frames:
        waiting.append(frame)
        if (decision := detector.push(frame)) is not None:
            yield replace(waiting.popleft(), shot=decision.shot)
    for decision in detector.finish():
        yield replace(waiting.popleft(), shot=decision.shot)
