"""The tracks: counters, the last sightings, and what becomes of a track that is seen or missed."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.phalp.state.columns import Columns
from tracker_service.phalp.state.continuity import Continuity
from tracker_service.phalp.state.sightings import Sightings
from tracker_service.types import Bool, Float32, Int64
from tracker_service.types.phalp_vectors import LOCATION_SERIES


@dataclass(slots=True, eq=False)
class Tracks(Columns):
    """All n tracks that have not ended, in order of creation.

    Attributes:
        track_id: (n,) int64 identity.
        confirmed: (n,) bool; the others are tentative.
        hits: (n,) int64 sightings.
        age: (n,) int64 frames since creation, counting the first.
        misses: (n,) int64 frames in a row without a detection.
        history_time: (n, h) int64 frame numbers of the last h sightings, oldest first; a young track repeats its first.
        history_location: (n, h, 3) float32 u, v and depth of those sightings.
        history_pose: (n, h, 229) float32 pose vectors of those sightings.
        last: the last sighting.
        continuity: what else is known of how the person goes on.
    """

    track_id: Int64
    confirmed: Bool
    hits: Int64
    age: Int64
    misses: Int64
    history_time: Int64
    history_location: Float32
    history_pose: Float32
    last: Sightings
    continuity: Continuity

    def __len__(self) -> int:
        return len(self.track_id)

    @classmethod
    def begin(cls, first_id: int, sightings: Sightings, time: int, history: int) -> Self:
        """Start one track per sighting, its history of length ``history`` filled with that sighting."""
        n = len(sightings)
        location = sightings.location[:, LOCATION_SERIES]
        return cls(
            track_id=np.arange(first_id, first_id + n),
            confirmed=sightings.annotated.copy(),
            hits=np.ones(n, np.int64),
            age=np.ones(n, np.int64),
            misses=np.zeros(n, np.int64),
            history_time=np.full((n, history), time, np.int64),
            history_location=np.repeat(location[:, None], history, axis=1),
            history_pose=np.repeat(sightings.pose[:, None], history, axis=1),
            last=sightings.take(np.arange(n)),
            continuity=Continuity.unknown(n),
        )

    @classmethod
    def none(cls, history: int, embedding: int = 0) -> Self:
        """No tracks yet; ``embedding`` is the length of appearance vectors."""
        return cls.begin(1, Sightings.none(embedding), 0, history)

    @property
    def last_time(self) -> Int64:
        """(n,) frame number of the last sighting."""
        return self.history_time[:, -1]

    @property
    def fresh(self) -> Bool:
        """(n,) whether the track was created in the last frame."""
        return np.asarray((self.hits == 1) & (self.misses == 0))

    @property
    def seen_throughout(self) -> Bool:
        """(n,) whether the track was seen in every frame since its first."""
        return np.asarray(self.hits == self.age)

    def see(self, rows: Int64, sightings: Sightings, time: int, *, shot: bool) -> None:
        """Enter a sighting of each of ``rows``; after a shot change the whole location history becomes the new one."""
        self.hits[rows] += 1
        self.misses[rows] = 0
        _push(self.history_time, rows, np.int64(time))
        location = sightings.location[:, LOCATION_SERIES]
        _push(self.history_location, rows, location)
        if shot:
            self.history_location[rows] = location[:, None]
        _push(self.history_pose, rows, sightings.pose)
        self.last.overwrite(rows, sightings)

    def miss(self, rows: Int64) -> None:
        """Note that ``rows`` have no detection in this frame."""
        self.misses[rows] += 1

    def restart_count(self, survived_misses: int) -> None:
        """Let tentative tracks that were missed more often than this in a row count their hits anew."""
        self.hits[~self.confirmed & (self.misses > survived_misses)] = 0

    def ended(self, time: int, max_age: int, survived_misses: int) -> Bool:
        """Return which tracks end: those unseen for too long, and tentative ones missed too often in a row."""
        return np.asarray((time - self.last_time > max_age) | (~self.confirmed & (self.misses > survived_misses)))


def _push(history: Int64 | Float32, rows: Int64, latest: Int64 | Float32 | np.int64) -> None:
    moved = history[rows]
    moved[:, :-1] = moved[:, 1:]
    moved[:, -1] = latest
    history[rows] = moved
