"""Fills the gaps of tracks from both sides.

A frame is held back while a person who was seen before it, and is not seen now, may still be seen again; for no longer
than the longest gap that is filled.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tracker_service.phalp.missed_tracks import JointModel, visible_part
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.refinement.interpolation import between
from tracker_service.types import FrameResult, PersonState, TrackedPerson


class GapFiller:
    """Takes frames in order and gives them back, later, with the people between two sightings filled in.

    Gaps across a change of shot are not filled.

    Args:
        tracking: how the frames were tracked.
        body: gives the joints of people in between.
        held: frames that another one held back, oldest first.
        sightings: its `sightings`.
        longest_gap: frames between two sightings that are filled; None takes ``max_age_track``.
    """

    def __init__(
        self,
        tracking: TrackerParameters,
        body: JointModel,
        held: Iterable[FrameResult] = (),
        sightings: Iterable[FrameResult] = (),
        *,
        longest_gap: int | None = None,
    ) -> None:
        self._tracking, self._body = tracking, body
        self._longest_gap = tracking.max_age_track if longest_gap is None else longest_gap
        self._held: deque[FrameResult] = deque(held)
        self._seen = {person.track_id: person for frame in sightings for person in frame.persons}

    @property
    def held(self) -> tuple[FrameResult, ...]:
        """The frames that are held back."""
        return tuple(self._held)

    @property
    def sightings(self) -> tuple[FrameResult, ...]:
        """The last sighting of each person who may come back: a frame with this one person for each."""
        return tuple(FrameResult(person.frame_number, 0.0, 1, 1, persons=(person,)) for person in self._seen.values())

    def push(self, frame: FrameResult) -> Iterator[FrameResult]:
        """Take the next frame; yield those that nothing can be filled into any more."""
        self._held.append(frame)
        if frame.shot:
            self._seen.clear()
        for person in frame.persons:
            if person.state is PersonState.SEEN:
                if (before := self._seen.get(person.track_id)) is not None:
                    self._fill(before, person)
                self._seen[person.track_id] = person
        now, longest = frame.frame_number, self._longest_gap
        self._seen = {number: person for number, person in self._seen.items() if now - person.frame_number <= longest}
        missing_since = min((p.frame_number for p in self._seen.values() if p.frame_number < now), default=now)
        while self._held and self._held[0].frame_number <= missing_since:
            yield self._held.popleft()

    def finish(self) -> Iterator[FrameResult]:
        """Yield the frames that are still held."""
        while self._held:
            yield self._held.popleft()

    def _fill(self, before: TrackedPerson, after: TrackedPerson) -> None:
        for place, frame in enumerate(self._held):
            if before.frame_number < frame.frame_number < after.frame_number:
                self._held[place] = self._filled(frame, before, after)

    def _filled(self, frame: FrameResult, before: TrackedPerson, after: TrackedPerson) -> FrameResult:
        size = (frame.width, frame.height)
        others = [person for person in frame.persons if person.track_id != before.track_id]
        known = next((person for person in frame.persons if person.track_id == before.track_id), None)
        filled = between(before, after, known or self._absent(before, frame.frame_number), size, self._body)
        if known is None and visible_part(filled.box, size) < self._tracking.least_visible:
            return frame
        return replace(frame, persons=tuple(sorted([*others, filled], key=lambda person: person.track_id)))

    def _absent(self, before: TrackedPerson, frame_number: int) -> TrackedPerson:
        age = frame_number - before.frame_number
        return replace(
            before,
            frame_number=frame_number,
            state=PersonState.PREDICTED,
            age=age,
            tracking_confidence=self._tracking.confidence_decay**age,
        )
