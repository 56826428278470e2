"""When each person of a run was seen, predicted or lost, in memory that does not grow with the length of the video."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

from tracker_service.results.records import FrameRecord, PersonRecord
from tracker_service.types import FoundBy, FrameResult, PersonState, TrackedPerson, Usability

MOST_BINS = 256
"""Bins of a timeline; about as many as a page has room for. When they are full, two become one."""


class Evidence(IntEnum):
    """What a person of a frame is based on: the first that applies, from the last to the first."""

    SEEN = 0
    SECOND_LOOK = 1
    DOUBTFUL = 2
    PREDICTED = 3
    LOST = 4

    @classmethod
    def of(cls, person: TrackedPerson | PersonRecord) -> "Evidence":
        """Return that of a person; a pose that was seen and is not usable counts as doubtful."""
        if person.state is PersonState.LOST:
            return cls.LOST
        if person.state is PersonState.PREDICTED:
            return cls.PREDICTED
        if person.quality is not None and person.quality.usability is not Usability.USABLE:
            return cls.DOUBTFUL
        return cls.SECOND_LOOK if person.found_by is FoundBy.SECOND_LOOK else cls.SEEN


@dataclass(frozen=True, slots=True)
class TimelineBin:
    """One person in some consecutive frames.

    Attributes:
        index: of the bin, from 0.
        counts: frames of each `Evidence`, in its order.
    """

    index: int
    counts: tuple[int, ...]


class Timeline:
    """Counts, for each person, the frames of each kind of evidence in at most `MOST_BINS` bins of equally many frames.

    Attributes:
        frames_per_bin: frames of a bin; the last bin may have fewer.
    """

    def __init__(self) -> None:
        self.frames_per_bin = 1
        self._first: int | None = None
        self._end = 0
        self._times: list[float] = []
        self._shots: set[int] = set()
        self._tracks: dict[int, dict[int, list[int]]] = {}

    @property
    def first_frame(self) -> int:
        """Number of the first frame counted; 0 where there is none."""
        return self._first or 0

    @property
    def frames(self) -> int:
        """Frames from the first to the last one counted."""
        return self._end - self.first_frame

    @property
    def times(self) -> tuple[float, ...]:
        """Seconds at which each bin begins."""
        return tuple(self._times)

    @property
    def shots(self) -> tuple[int, ...]:
        """Bins in which a new shot begins."""
        return tuple(sorted(self._shots))

    @property
    def track_ids(self) -> tuple[int, ...]:
        """Everybody who was in a frame, in order of id."""
        return tuple(sorted(self._tracks))

    def add(self, frame: FrameResult | FrameRecord) -> None:
        """Count one frame; frames come in order."""
        if self._first is None:
            self._first = frame.frame_number
        while (index := (frame.frame_number - self._first) // self.frames_per_bin) >= MOST_BINS:
            self._halve()
        self._end = frame.frame_number + 1
        # Numbers may be left out, a bin may not.
        self._times += [frame.timestamp] * (index + 1 - len(self._times))
        if frame.shot and frame.frame_number > self._first:
            self._shots.add(index)
        for person in frame.persons:
            bins = self._tracks.setdefault(person.track_id, {})
            bins.setdefault(index, [0] * len(Evidence))[Evidence.of(person)] += 1

    def bins(self, track_id: int) -> Iterator[TimelineBin]:
        """Yield the bins that hold the person, in order."""
        for index, counts in sorted(self._tracks.get(track_id, {}).items()):
            yield TimelineBin(index, tuple(counts))

    def frames_in(self, index: int) -> int:
        """Return how many frames a bin has."""
        return min(self.frames_per_bin, self.frames - index * self.frames_per_bin)

    def total(self, track_id: int, evidence: Evidence) -> int:
        """Return in how many frames the person has this evidence."""
        return sum(counts[evidence] for counts in self._tracks.get(track_id, {}).values())

    def state(self) -> dict[str, Any]:
        """Return everything counted so far as JSON values, for `restore`."""
        return {
            "frames": [self._first, self._end, self.frames_per_bin],
            "times": self._times,
            "shots": sorted(self._shots),
            "tracks": [
                [track_id, [[index, *counts] for index, counts in bins.items()]]
                for track_id, bins in self._tracks.items()
            ],
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any] | None) -> Self:
        """Go on where `state` was taken; None, of a version that kept no timeline, begins with the next frame.

        Raises:
            KeyError, TypeError, ValueError: it is no such state.
        """
        timeline = cls()
        if state is None:
            return timeline
        timeline._first, timeline._end, timeline.frames_per_bin = state["frames"]
        timeline._times, timeline._shots = [float(time) for time in state["times"]], set(state["shots"])
        timeline._tracks = {
            int(track_id): {int(index): list(counts) for index, *counts in bins} for track_id, bins in state["tracks"]
        }
        return timeline

    def _halve(self) -> None:
        """Make one bin of two."""
        self.frames_per_bin *= 2
        self._times = self._times[::2]
        self._shots = {index // 2 for index in self._shots}
        for track_id, bins in self._tracks.items():
            merged: dict[int, list[int]] = {}
            for index, counts in bins.items():
                into = merged.setdefault(index // 2, [0] * len(Evidence))
                into[:] = [a + b for a, b in zip(into, counts, strict=True)]
            self._tracks[track_id] = merged
