"""One person of a finished run, as arrays."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.errors import ResultsError
from tracker_service.results.records import FrameRecord, PersonRecord
from tracker_service.results.statistics.timeline import Timeline
from tracker_service.types import NUMBER_OF_JOINTS, Float32, Float64, Int64, PersonState
from tracker_service.types.arrays import assign, checked
from tracker_service.types.shown_html import ShownInNotebooks


@dataclass(frozen=True)
class Track(ShownInNotebooks):
    """A person through the n frames they are in, seen, predicted or lost; about 1 kB a frame.

    Attributes:
        track_id: identity.
        frame_numbers: (n,) int64, ascending.
        timestamps: (n,) float64, seconds since the first frame of the source.
        states: n states.
        boxes: (n, 4) float32, x y width height, source pixels.
        joints_2d: (n, 45, 2) float32, source pixels.
        joints_3d: (n, 45, 3) float32, metres, model space.
        timeline: of the whole run, with this person.
    """

    track_id: int
    frame_numbers: Int64
    timestamps: Float64
    states: tuple[PersonState, ...]
    boxes: Float32
    joints_2d: Float32
    joints_3d: Float32
    timeline: Timeline

    def __post_init__(self) -> None:
        n = len(self.states)
        assign(self, "frame_numbers", checked("Track.frame_numbers", self.frame_numbers, np.int64, (n,)))
        assign(self, "timestamps", checked("Track.timestamps", self.timestamps, np.float64, (n,)))
        assign(self, "boxes", checked("Track.boxes", self.boxes, np.float32, (n, 4)))
        assign(self, "joints_2d", checked("Track.joints_2d", self.joints_2d, np.float32, (n, NUMBER_OF_JOINTS, 2)))
        assign(self, "joints_3d", checked("Track.joints_3d", self.joints_3d, np.float32, (n, NUMBER_OF_JOINTS, 3)))

    def __len__(self) -> int:
        return len(self.states)

    @classmethod
    def of(cls, track_id: int, frames: Iterable[FrameRecord], timeline: Timeline) -> Self:
        """Collect the person from the frames of a run.

        Raises:
            ResultsError: the person is in none of them.
        """
        found: list[tuple[FrameRecord, PersonRecord]] = [
            (frame, person) for frame in frames for person in frame.persons if person.track_id == track_id
        ]
        if not found:
            raise ResultsError(f"track: expected one of {list(timeline.track_ids)}, got {track_id}")
        return cls(
            track_id,
            np.array([frame.frame_number for frame, _ in found], np.int64),
            np.array([frame.timestamp for frame, _ in found], np.float64),
            tuple(person.state for _, person in found),
            np.array([person.bbox for _, person in found], np.float32),
            np.array([person.keypoints_2d for _, person in found], np.float32),
            np.array([person.keypoints_3d for _, person in found], np.float32),
            timeline,
        )
