"""What is remembered of a video's people beyond single frames: how often and how large they were, how they looked.

The main person is the one whose sightings (up to 100) times size is largest. The role is sticky: it changes only when
its holder is no longer reported, or when somebody else is clearly ahead. For that, sightings count up to 10 and the
product must be more than twice the holder's. So a false detection loses the role soon, but a person who was seen ten
times keeps it while predicted, however often others are seen meanwhile, and loses it only to somebody more than twice
as large.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker_service.types import Float32, TrackedPerson

_MOST_PEOPLE = 128
_STANDING = 100
"""Sightings that count when the role is given away. Raising it prefers who has been there for longest."""
_ESTABLISHED = 10
"""Sightings that count against the holder of the role. Raising it lets a holder lose the role while predicted."""
_CLEARLY = 2.0
"""How far ahead another person must be to become the main one. Raising it makes the role stickier."""
_SIZE_SHARE = 0.2
"""Weight of the newest size in the average. Raising it follows people who come closer sooner."""


@dataclass(slots=True)
class _Remembered:
    sightings: int
    size: float
    look: Float32


class PersonMemory:
    """Remembers the last 128 people seen."""

    def __init__(self) -> None:
        self._people: dict[int, _Remembered] = {}

    def note(self, person: TrackedPerson, frame_size: tuple[int, int]) -> None:
        """Take in a person who is seen in a frame of (width, height) pixels."""
        size, look = _relative_size(person, frame_size), person.appearance.copy()
        known = self._people.pop(person.track_id, None)
        if known is None:
            known = _Remembered(0, size, look)
        known.sightings += 1
        known.size += _SIZE_SHARE * (size - known.size)
        known.look = look
        self._people[person.track_id] = known
        if len(self._people) > _MOST_PEOPLE:
            del self._people[next(iter(self._people))]

    def sightings(self, track_id: int) -> int:
        """How often a person was seen; 0 for somebody unknown."""
        known = self._people.get(track_id)
        return 0 if known is None else known.sightings

    def look(self, track_id: int) -> Float32 | None:
        """A person's last seen appearance, None for somebody unknown."""
        known = self._people.get(track_id)
        return None if known is None else known.look

    def main(self, people: Sequence[TrackedPerson], holder: int | None) -> TrackedPerson | None:
        """Return the main person of a frame.

        Args:
            people: everybody reported in it.
            holder: track id of the main person so far.
        """
        held = next((person for person in people if person.track_id == holder), None)
        if held is None:
            return max(people, key=lambda person: self._prominence(person, _STANDING), default=None)
        best = max(people, key=lambda person: self._prominence(person, _ESTABLISHED))
        ahead = self._prominence(best, _ESTABLISHED) > _CLEARLY * self._prominence(held, _ESTABLISHED)
        return best if ahead else held

    def _prominence(self, person: TrackedPerson, most: int) -> float:
        known = self._people.get(person.track_id)
        return 0.0 if known is None else min(known.sightings, most) * known.size


def _relative_size(person: TrackedPerson, frame_size: tuple[int, int]) -> float:
    """Square root of the part of the frame that the person's box covers."""
    corners = np.clip(person.box.astype(np.float64).reshape(2, 2), 0, frame_size)
    return float(np.sqrt(np.prod(corners[1] - corners[0]) / np.prod(frame_size)))
