"""Holds frames back until no track can write into them any more.

A track is confirmed some frames after its first sighting and is then written into those earlier frames (back-fill,
phalp.md section 10). So a frame becomes final a few frames late; the tracker says which is the oldest open one.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from tracker_service.errors import ContractError
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.types import FrameResult, TrackedPerson, UInt8


@dataclass(frozen=True, slots=True)
class FinishedFrame:
    """A frame's final result, with its image where the pipeline was asked to keep it."""

    result: FrameResult
    image: UInt8 | None


@dataclass(slots=True)
class OpenFrame:
    """A frame that may still receive people.

    Attributes:
        result: the frame so far, its people in the order in which they were filed.
        image: (H, W, 3) uint8 RGB where the pipeline was asked to keep it.
    """

    result: FrameResult
    image: UInt8 | None = None

    @classmethod
    def of(cls, seen: FrameObservation) -> Self:
        """Open the frame of an observation, without people."""
        result = FrameResult(
            seen.frame_number, seen.timestamp, seen.width, seen.height, (), seen.shot, dropped=seen.dropped
        )
        return cls(result, seen.image)

    def file(self, person: TrackedPerson) -> None:
        """Add a person."""
        self.result = replace(self.result, persons=(*self.result.persons, person))

    def finish(self) -> FinishedFrame:
        """Return the frame with its people in order of track id."""
        persons = tuple(sorted(self.result.persons, key=lambda person: person.track_id))
        return FinishedFrame(replace(self.result, persons=persons), self.image)


class Recorder:
    """Collects the tracker's records by frame and gives frames out in order once they are final.

    Args:
        open_frames: what an earlier recorder held back, oldest first.
    """

    def __init__(self, open_frames: Iterable[OpenFrame] = ()) -> None:
        self._open: deque[OpenFrame] = deque(open_frames)

    @property
    def open_frames(self) -> tuple[OpenFrame, ...]:
        """The frames that are held back, oldest first; to be read, and not to be kept."""
        return tuple(self._open)

    def add(self, observation: FrameObservation, persons: Iterable[TrackedPerson]) -> None:
        """Open the frame of ``observation`` and file ``persons`` under the frames they belong to.

        Raises:
            ContractError: a record belongs to a frame that is not open.
        """
        self._open.append(OpenFrame.of(observation))
        first, last = self._open[0].result.frame_number, observation.frame_number
        for person in persons:
            if not first <= person.frame_number <= last:
                raise ContractError(f"recorder: expected frames {first} to {last}, got frame {person.frame_number}")
            self._open[person.frame_number - first].file(person)

    def final(self, pending_since: int | None) -> Iterator[FinishedFrame]:
        """Yield and forget the frames before ``pending_since``; all of them when it is None."""
        while self._open and (pending_since is None or self._open[0].result.frame_number < pending_since):
            yield self._open.popleft().finish()
