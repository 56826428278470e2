"""The tracks: counters, the last sightings, and what becomes of a track that is seen or missed."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.phalp.expectation.carrying import carried
from tracker_service.phalp.expectation.uncertainty import FIRST_ERROR, errors, uncertainty, updated
from tracker_service.phalp.state.columns import Columns
from tracker_service.phalp.state.continuity import Continuity
from tracker_service.phalp.state.sightings import Sightings
from tracker_service.types import Bool, CameraMotion, Float32, Float64, Int64
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
        carried: (n, h, 2) float32 u, v of those sightings, carried with the camera into the view of the last frame.
        history_pose: (n, h, 229) float32 pose vectors of those sightings.
        mean_squares: (n, 2) float64 recent squared errors of predictions, one frame ahead, in body heights squared: by
            the motion in the picture, and by the motion before the background.
        empty_looks: (n,) int64 second looks since the last sighting that found nobody at all.
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
    carried: Float32
    history_pose: Float32
    mean_squares: Float64
    empty_looks: Int64
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
            carried=np.repeat(location[:, None, :2], history, axis=1),
            history_pose=np.repeat(sightings.pose[:, None], history, axis=1),
            mean_squares=np.full((n, 2), FIRST_ERROR**2),
            empty_looks=np.zeros(n, np.int64),
            last=sightings.copy(),
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

    @property
    def moved(self) -> bool:
        """Whether a camera motion told the two ways to predict apart for any track."""
        return bool((self.carried != self.history_location[:, :, :2]).any())

    def carry(self, motion: CameraMotion, frame_size: tuple[int, int]) -> None:
        """Carry what is fixed to the background into the next frame; a camera that stands still changes nothing."""
        if motion.known and not motion.still and len(self):
            self.carried = carried(self.carried, motion, frame_size)

    def see(self, rows: Int64, sightings: Sightings, time: int, *, shot: bool) -> None:
        """Enter a sighting of each of ``rows``; after a shot change the whole location history becomes the new one."""
        self.hits[rows] += 1
        self.misses[rows] = 0
        self.empty_looks[rows] = 0
        _push(self.history_time, rows, np.int64(time))
        location = sightings.location[:, LOCATION_SERIES]
        _push(self.history_location, rows, location)
        _push(self.carried, rows, location[:, :2])
        if shot:
            self.history_location[rows] = location[:, None]
            self.carried[rows] = location[:, None, :2]
        _push(self.history_pose, rows, sightings.pose)
        self.last.overwrite(rows, sightings)

    def learn(self, rows: Int64, predicted: Float64, sightings: Sightings, time: int) -> None:
        """Learn from a sighting of each of ``rows``, before it is entered, how well they were predicted.

        Args:
            rows: of the tracks.
            predicted: (r, 2, 2) predicted positions: in the picture, with the camera.
            sightings: the sightings.
            time: their frame.
        """
        new = errors(predicted, sightings.location, time - self.last_time[rows])
        self.mean_squares[rows] = updated(self.mean_squares[rows], new)

    def uncertainty(self, time: int) -> Float64:
        """Return (n,) body heights within which nine in ten such people are of where they are expected."""
        return uncertainty(self.mean_squares, time - self.last_time)

    def lost(self, time: int, most: float, empty_looks: int) -> Bool:
        """Return (n,) whether the evidence is against each track: see `TrackerParameters.lost_uncertainty`."""
        return np.asarray((self.uncertainty(time) > most) | (self.empty_looks >= empty_looks))

    def worth_a_look(self, rows: Int64, time: int, most: float, empty_looks: int) -> Bool:
        """Return whether each of ``rows`` is to be looked for in a frame.

        Not where its place is too uncertain; after several looks that found nobody only every so many frames.
        """
        steps = time - self.last_time[rows]
        certain = self.uncertainty(time)[rows] <= most
        return np.asarray(certain & ((self.empty_looks[rows] < empty_looks) | (steps % empty_looks == 0)))

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
