"""What is known about one frame before its people are associated with tracks."""

from dataclasses import dataclass, field
from typing import Protocol

from tracker_service.camera.background import Background
from tracker_service.people.gates import Gate
from tracker_service.types import Detections, FrameResult, LookAgain, LookRound, People, Picture


@dataclass(frozen=True, slots=True)
class FrameObservation:
    """The people of one frame, not yet associated.

    Attributes:
        result: number, time, size, shot and dropped boxes of the frame; nobody is in it yet.
        people: those that passed all gates.
        low_score: those below the score gate that may still continue a track, None where the second pass is off.
        removed: gates and the detections they removed, without masks.
        low_boxes: boxes below the score gate but above the lowest one, whose bodies have not been regressed; best score
            first. A second look starts with them.
        picture: of the frame where it is still needed (second look, overlay), else None.
        keep_picture: whether the picture is needed after the frame is tracked (overlay).
        background: what the camera is followed by, None where it is not, and once it was.
    """

    result: FrameResult
    people: People
    low_score: People | None = None
    removed: tuple[tuple[Gate, Detections], ...] = ()
    low_boxes: Detections = field(default_factory=Detections.empty)
    picture: Picture | None = None
    keep_picture: bool = False
    background: Background | None = None

    @property
    def frame_number(self) -> int:
        """Number of the frame."""
        return self.result.frame_number


class SecondLook(Protocol):
    """Gives what looks once more at an observed frame; None where the frame allows none."""

    def __call__(self, seen: FrameObservation) -> LookAgain | None:
        """Return what looks for people who are expected in it."""
        ...

    def look_round(self, seen: FrameObservation) -> LookRound | None:
        """Return what looks for people whom nobody knows yet."""
        ...
