"""Fills the gaps of tracks from both sides.

A frame is held back while a person who was seen before it, and is not seen now, may still be seen again; for no longer
than the longest gap that is filled.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
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
        steady: frames before and after a gap whose mean pose is taken for that at its ends, at least 1.
    """

    def __init__(
        self,
        tracking: TrackerParameters,
        body: JointModel,
        held: Iterable[FrameResult] = (),
        sightings: Iterable[FrameResult] = (),
        *,
        longest_gap: int | None = None,
        steady: int = 1,
    ) -> None:
        self._tracking, self._body = tracking, body
        self._longest_gap = tracking.max_age_track if longest_gap is None else longest_gap
        self._held: deque[FrameResult] = deque(held)
        self._steady = steady
        self._seen: dict[int, deque[TrackedPerson]] = {}
        for frame in sightings:
            for person in frame.persons:
                self._see(person)

    @property
    def held(self) -> tuple[FrameResult, ...]:
        """The frames that are held back."""
        return tuple(self._held)

    @property
    def sightings(self) -> tuple[FrameResult, ...]:
        """The last sightings of each person who may come back: a frame with this one person for each."""
        people = (person for last in self._seen.values() for person in last)
        return tuple(FrameResult(person.frame_number, 0.0, 1, 1, persons=(person,)) for person in people)

    def push(self, frame: FrameResult, ahead: Sequence[FrameResult] = ()) -> Iterator[FrameResult]:
        """Take the next frame; yield those that nothing can be filled into any more.

        Args:
            frame: the next one.
            ahead: frames after it, as far as they are known.
        """
        self._held.append(frame)
        if frame.shot:
            self._seen.clear()
        for person in frame.persons:
            if person.state is PersonState.SEEN:
                last = self._seen.get(person.track_id)
                if last is not None and last[-1].frame_number < frame.frame_number - 1:
                    self._fill([*reversed(last)], self._next_sightings(person, ahead))
                    last.clear()
                self._see(person)
        now, longest = frame.frame_number, self._longest_gap
        self._seen = {number: last for number, last in self._seen.items() if now - last[-1].frame_number <= longest}
        ends = (last[-1].frame_number for last in self._seen.values())
        missing_since = min((end for end in ends if end < now), default=now)
        while self._held and self._held[0].frame_number <= missing_since:
            yield self._held.popleft()

    def finish(self) -> Iterator[FrameResult]:
        """Yield the frames that are still held."""
        while self._held:
            yield self._held.popleft()

    def _see(self, person: TrackedPerson) -> None:
        self._seen.setdefault(person.track_id, deque(maxlen=self._steady)).append(person)

    def _next_sightings(self, person: TrackedPerson, ahead: Sequence[FrameResult]) -> list[TrackedPerson]:
        """Return a person and the same one in the frames right after, as long as it is seen there."""
        found = [person]
        for frame in ahead[: self._steady - 1]:
            same = [p for p in frame.persons if p.track_id == person.track_id and p.state is PersonState.SEEN]
            if frame.shot or not same:
                break
            found += same
        return found

    def _fill(self, earlier: Sequence[TrackedPerson], later: Sequence[TrackedPerson]) -> None:
        for place, frame in enumerate(self._held):
            if earlier[0].frame_number < frame.frame_number < later[0].frame_number:
                self._held[place] = self._filled(frame, earlier, later)

    def _filled(
        self, frame: FrameResult, earlier: Sequence[TrackedPerson], later: Sequence[TrackedPerson]
    ) -> FrameResult:
        size, before = (frame.width, frame.height), earlier[0]
        others = [person for person in frame.persons if person.track_id != before.track_id]
        known = next((person for person in frame.persons if person.track_id == before.track_id), None)
        filled = between(earlier, later, known or self._absent(before, frame.frame_number), size, self._body)
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
