"""People whom a tracker expects in a frame but was not shown, and what a second look at the frame found of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from tracker_service.types.arrays import Float32, Int64, Rows, assign, checked
from tracker_service.types.people import People


@dataclass(frozen=True, slots=True)
class ExpectedPeople(Rows):
    """n people who were not found where they are expected.

    Attributes:
        track_id: (n,) int64 identities.
        boxes: (n, 4) float32, x1 y1 x2 y2 pixels of this frame; may reach beyond its border.
        frames_missed: (n,) int64 frames since the last sighting, at least 1.
        roll: (n,) float32 radians, in-plane turn of the crop that the last sighting came from, see `People.roll`.
    """

    track_id: Int64
    boxes: Float32
    frames_missed: Int64
    roll: Float32

    def __post_init__(self) -> None:
        assign(self, "track_id", checked("ExpectedPeople.track_id", self.track_id, np.int64, (None,)))
        n = len(self.track_id)
        assign(self, "boxes", checked("ExpectedPeople.boxes", self.boxes, np.float32, (n, 4)))
        assign(self, "frames_missed", checked("ExpectedPeople.frames_missed", self.frames_missed, np.int64, (n,)))
        assign(self, "roll", checked("ExpectedPeople.roll", self.roll, np.float32, (n,)))

    def __len__(self) -> int:
        return len(self.track_id)


@dataclass(frozen=True, slots=True)
class FoundPeople(Rows):
    """m people found by a second look; several may have been found for one track, and none for another.

    Attributes:
        people: the people.
        track_id: (m,) int64, the track each was looked for.
    """

    people: People
    track_id: Int64

    def __post_init__(self) -> None:
        n = len(self.people)
        assign(self, "track_id", checked("FoundPeople.track_id", self.track_id, np.int64, (n,)))

    def __len__(self) -> int:
        return len(self.track_id)


LookRound: TypeAlias = Callable[[Float32, Float32], People | None]
"""Looks round in the frame that is being tracked, for people whom nobody knows yet. It is given the boxes (k, 4) of
doubtful detections and those (m, 4) of the people who were seen; None where there was no reason to look."""

LookAgain: TypeAlias = Callable[[ExpectedPeople, Float32], FoundPeople | None]
"""Looks again at the frame that is being tracked, for people who are expected in it; None where nobody was found. It is
given the boxes (m, 4) of those who were seen as well: they are not found a second time."""
