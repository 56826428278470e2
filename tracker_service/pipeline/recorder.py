"""Holds frames back until no track can write into them any more.

A track is confirmed some frames after its first sighting and is then written into those earlier frames (back-fill;
upstream: ``phalp/trackers/PHALP.py``, ``track``). So a frame becomes final a few frames late; the tracker says which is
the oldest open one.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tracker_service.errors import ContractError
from tracker_service.phalp.reporting import without_lost
from tracker_service.types import FrameResult, Picture, TrackedPerson


@dataclass(frozen=True, slots=True)
class TrackedFrame:
    """A frame with its people.

    Attributes:
        result: the frame; while it is open, people may still be added.
        picture: of the frame where the pipeline was asked to keep it, else None.
    """

    result: FrameResult
    picture: Picture | None = None


class Recorder:
    """Collects the tracker's records by frame and gives frames out in order once they are final.

    Args:
        open_frames: what an earlier recorder held back, oldest first.
    """

    def __init__(self, open_frames: Iterable[TrackedFrame] = ()) -> None:
        self._open: deque[TrackedFrame] = deque(open_frames)

    @property
    def open_frames(self) -> tuple[FrameResult, ...]:
        """The frames that are held back, oldest first."""
        return tuple(frame.result for frame in self._open)

    def add(self, frame: TrackedFrame, persons: Iterable[TrackedPerson]) -> None:
        """Open ``frame`` and enter ``persons`` into the frames they belong to.

        Raises:
            ContractError: a person belongs to a frame that is not open.
        """
        self._open.append(frame)
        self.enter(persons)

    def enter(self, persons: Iterable[TrackedPerson]) -> None:
        """Enter ``persons`` into the open frames they belong to.

        Upstream's back-fill repeats the sightings of annotated people, who were confirmed before it; an earlier frame
        that has the track keeps what it has.

        Raises:
            ContractError: a person belongs to a frame that is not open.
        """
        for person in persons:
            if not self._open:
                raise ContractError(f"recorder: expected no person, because no frame is open, got {person.track_id}")
            first, last = self._open[0].result.frame_number, self._open[-1].result.frame_number
            if not first <= person.frame_number <= last:
                raise ContractError(f"recorder: expected frames {first} to {last}, got frame {person.frame_number}")
            place = person.frame_number - first
            result = self._open[place].result
            if person.frame_number < last and any(person.track_id == other.track_id for other in result.persons):
                continue
            self._open[place] = replace(self._open[place], result=replace(result, persons=(*result.persons, person)))

    def final(self, pending_since: int | None) -> Iterator[TrackedFrame]:
        """Yield and forget the frames before ``pending_since``; all of them when it is None.

        People are in order of id; lost ones only where nobody else is.
        """
        while self._open and (pending_since is None or self._open[0].result.frame_number < pending_since):
            frame = self._open.popleft()
            persons = tuple(sorted(without_lost(frame.result.persons), key=lambda person: person.track_id))
            yield replace(frame, result=replace(frame.result, persons=persons))
