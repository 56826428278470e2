"""A video's people across its frames: how often they were seen, how large, with which appearance; who is the main one.

The main person is the one with the largest product of sightings (up to 100) and size. The choice has hysteresis: it
changes when the main person is no longer reported, when another one's product is more than twice as large, where
sightings count up to 10, or when the main person is only predicted although somebody else is seen. In the last case
the main person stays for three frames, as a detector may miss anybody once; then the one with the largest product
among the people seen is the new one, if seen three times by then, which false detections seldom are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker_service.types import Float32, TrackedPerson

_MOST_PEOPLE = 128
_SIGHTINGS_TO_CHOOSE = 100
"""Sightings that count where there is no main person. Raising it prefers people who were seen for longer."""
_SIGHTINGS_TO_REPLACE = 10
"""Sightings that count against the main person. Raising it replaces a main person who is only predicted sooner."""
_UNSEEN_FRAMES = 3
"""Frames that the main person stays the main one while predicted, although somebody else is seen. Raising it bridges
longer gaps of the detector, and lets a prediction speak for people who are there for longer."""
_SIGHTINGS_TO_SPEAK = 3
"""Sightings that somebody needs to take the place of a main person who is predicted. Raising it is safer against false
detections."""
_HYSTERESIS = 2.0
"""By which factor another person must be ahead to become the main one. Raising it changes the main person less."""
_SIZE_WEIGHT = 0.2
"""Weight of the newest size in the moving average. Raising it follows people who come closer sooner."""


@dataclass(slots=True)
class _Remembered:
    sightings: int
    size: float
    appearance: Float32


class PersonMemory:
    """Remembers the last 128 people seen."""

    def __init__(self) -> None:
        self._people: dict[int, _Remembered] = {}

    def update(self, person: TrackedPerson, frame_size: tuple[int, int]) -> None:
        """Add a sighting in a frame of (width, height) pixels."""
        size, appearance = _relative_size(person, frame_size), person.appearance.copy()
        known = self._people.pop(person.track_id, None)
        if known is None:
            known = _Remembered(0, size, appearance)
        known.sightings += 1
        known.size += _SIZE_WEIGHT * (size - known.size)
        known.appearance = appearance
        self._people[person.track_id] = known
        if len(self._people) > _MOST_PEOPLE:
            del self._people[next(iter(self._people))]

    def sightings(self, track_id: int) -> int:
        """How often a person was seen; 0 for an unknown one."""
        known = self._people.get(track_id)
        return 0 if known is None else known.sightings

    def appearance(self, track_id: int) -> Float32 | None:
        """The appearance vector of a person's last sighting; None for an unknown one."""
        known = self._people.get(track_id)
        return None if known is None else known.appearance

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the whole memory as named arrays."""
        known = self._people
        return {
            "track_id": np.array(list(known), np.int64),
            "sightings": np.array([one.sightings for one in known.values()], np.int64),
            "size": np.array([one.size for one in known.values()], np.float64),
            "appearance": np.array([one.appearance for one in known.values()], np.float32),
        }

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what another one's `arrays` returned."""
        rows = zip(*(arrays[name] for name in ("track_id", "sightings", "size", "appearance")), strict=True)
        for track_id, sightings, size, appearance in rows:
            self._people[int(track_id)] = _Remembered(int(sightings), float(size), np.array(appearance))

    def main(self, people: Sequence[TrackedPerson], current: int | None) -> TrackedPerson | None:
        """Return the main person of a frame.

        Args:
            people: everybody reported in it.
            current: track id of the main person so far.
        """
        main = next((person for person in people if person.track_id == current), None)
        seen = [person for person in people if person.age == 0]
        if main is None or (main.age > _UNSEEN_FRAMES and self._somebody_is_there(seen)):
            return max(seen or people, key=lambda person: self._prominence(person, _SIGHTINGS_TO_CHOOSE), default=None)
        best = max([main, *seen], key=lambda person: self._prominence(person, _SIGHTINGS_TO_REPLACE))
        ahead = self._prominence(best, _SIGHTINGS_TO_REPLACE) > _HYSTERESIS * self._prominence(
            main, _SIGHTINGS_TO_REPLACE
        )
        return best if ahead else main

    def _somebody_is_there(self, seen: Sequence[TrackedPerson]) -> bool:
        return any(self.sightings(person.track_id) >= _SIGHTINGS_TO_SPEAK for person in seen)

    def _prominence(self, person: TrackedPerson, most: int) -> float:
        known = self._people.get(person.track_id)
        return 0.0 if known is None else min(known.sightings, most) * known.size


def _relative_size(person: TrackedPerson, frame_size: tuple[int, int]) -> float:
    """Square root of the share of the frame that the person's box covers."""
    corners = np.clip(person.box.astype(np.float64).reshape(2, 2), 0, frame_size)
    return float(np.sqrt(np.prod(corners[1] - corners[0]) / np.prod(frame_size)))
