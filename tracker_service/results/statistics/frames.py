"""What is counted over the frames of a run, in memory that grows with the people only, not with the frames."""

from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass
from typing import Any, Self

from tracker_service.results.records import FrameRecord, PersonRecord
from tracker_service.results.statistics.quality import QualityCounts
from tracker_service.results.statistics.timeline import Timeline
from tracker_service.results.statistics.world import WorldCounts
from tracker_service.types import DroppedDetections, FoundBy, FrameResult, PersonState, TrackedPerson


@dataclass(frozen=True, slots=True)
class TrackSummary:
    """One person of a run.

    Attributes:
        track_id: identity.
        first_frame, last_frame: frame numbers of the first and the last sighting.
        seen: frames in which the person was seen.
        predicted: frames in which the person was predicted, also after the last sighting.
        recorded: frames from the first to the last sighting that hold the person, seen or predicted.
        second_look: frames of the seen ones in which only a second look found the person.
        lost: frames in which the person was reported as lost; they count nowhere else.
    """

    track_id: int
    first_frame: int
    last_frame: int
    seen: int
    predicted: int
    recorded: int
    second_look: int = 0
    lost: int = 0

    @property
    def coverage(self) -> float:
        """Share of the frames from the first to the last sighting that hold the person; 1.0 is gapless."""
        return self.recorded / (self.last_frame - self.first_frame + 1)


@dataclass(slots=True)
class _TrackCounter:
    first_frame: int
    last_frame: int
    seen: int = 0
    predicted: int = 0
    recorded: int = 0
    second_look: int = 0
    lost: int = 0

    def add(self, frame_number: int, person: TrackedPerson | PersonRecord) -> None:
        if person.state is PersonState.LOST:
            self.lost += 1
        elif person.state is PersonState.SEEN:
            self.seen += 1
            self.second_look += person.found_by is FoundBy.SECOND_LOOK
            self.last_frame = frame_number
            self.recorded = self.seen + self.predicted
        else:
            self.predicted += 1


class FrameStatistics:
    """Counts frames, people and dropped boxes as the frames of a run pass by.

    Attributes:
        frames: frames counted.
        seen, predicted, lost: person-frames of each state.
        second_look: person-frames of the seen ones that only a second look found.
        dropped: boxes that each gate removed, over all frames.
        quality: what the poses are good for.
        world: how many places in the world can be relied on.
        timeline: when each person was seen, predicted or lost.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.seen = 0
        self.predicted = 0
        self.lost = 0
        self.second_look = 0
        self.dropped = DroppedDetections()
        self.quality = QualityCounts()
        self.world = WorldCounts()
        self.timeline = Timeline()
        self._tracks: dict[int, _TrackCounter] = {}
        self._first_timestamp = 0.0
        self._last_timestamp = 0.0

    @property
    def duration(self) -> float:
        """Seconds between the timestamps of the first and the last frame."""
        return self._last_timestamp - self._first_timestamp

    def add(self, result: FrameResult | FrameRecord) -> None:
        """Count one frame; frames come in order."""
        if self.frames == 0:
            self._first_timestamp = result.timestamp
        self._last_timestamp = result.timestamp
        self.frames += 1
        self.dropped = DroppedDetections(
            low_score=self.dropped.low_score + result.dropped.low_score,
            small=self.dropped.small + result.dropped.small,
            absent=self.dropped.absent + result.dropped.absent,
            duplicate=self.dropped.duplicate + result.dropped.duplicate,
        )
        self.timeline.add(result)
        self.world.add(result)
        for person in result.persons:
            self._add_person(result.frame_number, person)
            self.quality.add(person)

    def state(self) -> dict[str, Any]:
        """Return everything counted so far as JSON values, for `restore`."""
        return {
            "frames": self.frames,
            "seen": self.seen,
            "predicted": self.predicted,
            "lost": self.lost,
            "second_look": self.second_look,
            "dropped": asdict(self.dropped),
            "quality": self.quality.to_json(),
            "world": self.world.to_json(),
            "timeline": self.timeline.state(),
            "times": [self._first_timestamp, self._last_timestamp],
            "tracks": [[track_id, *astuple(track)] for track_id, track in self._tracks.items()],
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Go on where `state` was taken.

        Raises:
            KeyError, TypeError, ValueError: it is no such state.
        """
        statistics = cls()
        statistics.frames, statistics.seen = int(state["frames"]), int(state["seen"])
        statistics.predicted = int(state["predicted"])
        statistics.lost, statistics.second_look = int(state.get("lost", 0)), int(state.get("second_look", 0))
        statistics.dropped = DroppedDetections(**state["dropped"])
        statistics.quality = QualityCounts.from_json(state["quality"])
        statistics.world = WorldCounts.from_json(state.get("world", {}))
        statistics.timeline = Timeline.restore(state.get("timeline"))
        statistics._first_timestamp, statistics._last_timestamp = state["times"]
        statistics._tracks = {int(track_id): _TrackCounter(*counts) for track_id, *counts in state["tracks"]}
        return statistics

    def tracks(self) -> tuple[TrackSummary, ...]:
        """Return everybody who was seen at least once, in order of id."""
        return tuple(
            TrackSummary(
                track_id=track_id,
                first_frame=track.first_frame,
                last_frame=track.last_frame,
                seen=track.seen,
                predicted=track.predicted,
                recorded=track.recorded,
                second_look=track.second_look,
                lost=track.lost,
            )
            for track_id, track in sorted(self._tracks.items())
        )

    def _add_person(self, frame_number: int, person: TrackedPerson | PersonRecord) -> None:
        counter = self._tracks.get(person.track_id)
        if person.state is PersonState.SEEN:
            self.seen += 1
            self.second_look += person.found_by is FoundBy.SECOND_LOOK
            if counter is None:
                counter = self._tracks[person.track_id] = _TrackCounter(frame_number, frame_number)
        elif person.state is PersonState.LOST:
            self.lost += 1
        else:
            self.predicted += 1
        if counter is not None:
            counter.add(frame_number, person)
