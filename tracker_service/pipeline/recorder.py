"""Holds frames back until no track can write into them any more.

A track is confirmed some frames after its first sighting and is then written into those earlier frames (back-fill,
phalp.md section 10). So a frame becomes final a few frames late; the tracker says which is the oldest open one.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tracker_service.errors import ContractError
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.types import FrameResult, TrackedPerson, UInt8


@dataclass(frozen=True, slots=True)
class FinishedFrame:
    """A frame's final result, with its image where the pipeline was asked to keep it."""

    result: FrameResult
    image: UInt8 | None


@dataclass(slots=True)
class _OpenFrame:
    observation: FrameObservation
    persons: list[TrackedPerson] = field(default_factory=list)

    def finish(self) -> FinishedFrame:
        seen = self.observation
        persons = tuple(sorted(self.persons, key=lambda person: person.track_id))
        result = FrameResult(
            seen.frame_number, seen.timestamp, seen.width, seen.height, persons, seen.shot, seen.dropped
        )
        return FinishedFrame(result, seen.image)


class Recorder:
    """Collects the tracker's records by frame and gives frames out in order once they are final."""

    def __init__(self) -> None:
        self._open: deque[_OpenFrame] = deque()

    def add(self, observation: FrameObservation, persons: Iterable[TrackedPerson]) -> None:
        """Open the frame of ``observation`` and file ``persons`` under the frames they belong to.

        Raises:
            ContractError: a record belongs to a frame that is not open.
        """
        self._open.append(_OpenFrame(observation))
        first, last = self._open[0].observation.frame_number, observation.frame_number
        for person in persons:
            if not first <= person.frame_number <= last:
                raise ContractError(f"recorder: expected frames {first} to {last}, got frame {person.frame_number}")
            self._open[person.frame_number - first].persons.append(person)

    def final(self, pending_since: int | None) -> Iterator[FinishedFrame]:
        """Yield and forget the frames before ``pending_since``; all of them when it is None."""
        while self._open and (pending_since is None or self._open[0].observation.frame_number < pending_since):
            yield self._open.popleft().finish()
