"""What the frame-independent part of the pipeline knows about one frame."""

from dataclasses import dataclass

from tracker_service.types import DroppedDetections, People, UInt8


@dataclass(frozen=True, slots=True)
class FrameObservation:
    """The people of one frame, not yet associated.

    Attributes:
        frame_number, timestamp: of the frame.
        width, height: of the source frame in pixels.
        shot: True on the first frame of a new shot.
        people: those that passed all gates.
        low_score: those below the score gate that may still continue a track, None where the second pass is off.
        dropped: boxes that the gates removed.
        image: (H, W, 3) uint8 RGB where it is still needed (overlay), else None.
    """

    frame_number: int
    timestamp: float
    width: int
    height: int
    shot: bool
    people: People
    low_score: People | None
    dropped: DroppedDetections
    image: UInt8 | None
