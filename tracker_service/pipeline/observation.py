"""What the frame-independent part of the pipeline knows about one frame."""

from dataclasses import dataclass

from tracker_service.people.gates import Gate
from tracker_service.types import Detections, FrameResult, People, UInt8


@dataclass(frozen=True, slots=True)
class FrameObservation:
    """The people of one frame, not yet associated.

    Attributes:
        result: number, time, size, shot and dropped boxes of the frame; nobody is in it yet.
        people: those that passed all gates.
        low_score: those below the score gate that may still continue a track, None where the second pass is off.
        removed: gates and the detections they removed, without masks.
        image: (H, W, 3) uint8 RGB where it is still needed (overlay), else None.
    """

    result: FrameResult
    people: People
    low_score: People | None = None
    removed: tuple[tuple[Gate, Detections], ...] = ()
    image: UInt8 | None = None

    @property
    def frame_number(self) -> int:
        """Number of the frame."""
        return self.result.frame_number
