"""The people a tracker knows: their tracks and texture maps, how a sighting is entered, and where they are expected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker_service.errors import ContractError
from tracker_service.phalp.appearance import blend_texture
from tracker_service.phalp.association import rounds
from tracker_service.phalp.comparison import Observed
from tracker_service.phalp.continuation.doubt import doubted, with_expected_bodies
from tracker_service.phalp.continuation.sightings import continued
from tracker_service.phalp.continuation.turns import turned_as_before
from tracker_service.phalp.expectation.plausibility import moved_boxes
from tracker_service.phalp.missed_tracks import JointModel, PredictedPlaces, predicted_places, predicted_sightings
from tracker_service.phalp.prediction import Prediction
from tracker_service.phalp.state.continuity import Continuity
from tracker_service.phalp.state.sightings import Sightings
from tracker_service.phalp.state.snapshot import with_prefix, without_prefix
from tracker_service.phalp.track import Tracks
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Bool, Float32, Int64, People


@dataclass(frozen=True, slots=True)
class TrackedFrame:
    """The frame that is being tracked, and what was expected of it.

    Attributes:
        prediction: of all tracks.
        time: number of the frame.
        size: width and height in pixels.
        shot: whether it is the first of a new shot.
    """

    prediction: Prediction
    time: int
    size: tuple[int, int]
    shot: bool


class KnownPeople:
    """The tracks of one video that have not ended.

    Rows are those of `tracks`.

    Args:
        parameters: thresholds and lifetimes.
        body: joints of predicted bodies; without it predicted people keep their last observed joints.

    Attributes:
        tracks: all of them, tentative ones included.
        textures: texture map (4, H, W) of each by identity; empty unless texture is a term.
        next_id: the identity that no track has had yet.
    """

    def __init__(self, parameters: TrackerParameters, body: JointModel | None) -> None:
        self._parameters = parameters
        self._body = body
        self.tracks = Tracks.none(parameters.track_history)
        self.textures: dict[int, Float32] = {}
        self.next_id = 1

    def expect_embeddings_of(self, people: People) -> None:
        """Take over the length of the first appearance vectors.

        Raises:
            ContractError: that of the tracks is another.
        """
        length, known = people.appearance.shape[1], self.tracks.last.appearance.shape[1]
        if len(people) and length != known:
            if len(self.tracks):
                raise ContractError(f"People.appearance: expected embeddings of length {known}, got {length}")
            self.tracks = Tracks.none(self._parameters.track_history, length)

    def see(self, frame: TrackedFrame, matches: Int64, observed: Observed) -> None:
        """Enter the matched people into their tracks and confirm those seen often enough.

        Args:
            frame: the frame.
            matches: (m, 2) rows and the people who continue them.
            observed: people of the frame.
        """
        tracks, parameters = self.tracks, self._parameters
        for rows, columns in rounds(matches):
            seen = observed.sightings.take(columns)
            if not parameters.upstream:
                seen.identity = np.where(seen.identity < 0, tracks.last.identity[rows], seen.identity)
                if not frame.shot:
                    tracks.learn(rows, frame.prediction.positions[rows], seen, frame.time)
                seen = self._believed(frame, rows, seen, observed)
            tracks.see(rows, seen, frame.time, shot=frame.shot)
            tracks.confirmed[rows] |= (tracks.hits[rows] >= parameters.n_init) | seen.annotated
            if observed.textures:
                for row, column in zip(rows, columns, strict=True):
                    weight = parameters.alpha * float(observed.sightings.score[column]) ** 2
                    blend_texture(self.textures[int(tracks.track_id[row])], observed.textures[column], weight)

    def start(self, newcomers: Observed, time: int) -> tuple[Int64, Int64]:
        """Start a track for each newcomer; return their identities and detections."""
        parameters, sightings = self._parameters, newcomers.sightings
        if not len(sightings):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        new = Tracks.begin(self.next_id, sightings, time, parameters.track_history)
        new.confirmed |= not parameters.upstream and parameters.n_init <= 1
        self.next_id += len(sightings)
        self.tracks = self.tracks.joined(new)
        if newcomers.textures:
            for track_id, texture in zip(new.track_id.tolist(), newcomers.textures, strict=True):
                self.textures[track_id] = texture.astype(np.float32)
        return new.track_id, sightings.detection_index

    def end(self, time: int) -> Int64:
        """Delete the tracks that were missed for too long; return their identities."""
        over = self.tracks.ended(time, self._parameters.max_age_track, self._parameters.survived_misses)
        ended = self.tracks.track_id[over]
        if over.any():
            self.tracks = self.tracks.take(~over)
            alive = set(self.tracks.track_id.tolist())
            self.textures = {track_id: texture for track_id, texture in self.textures.items() if track_id in alive}
        return ended

    def lost(self, time: int) -> Bool:
        """Return (n,) whether the evidence is against each track; nobody is ever lost to upstream."""
        parameters = self._parameters
        if parameters.upstream:
            return np.zeros(len(self.tracks), np.bool_)
        return self.tracks.lost(time, parameters.lost_uncertainty, parameters.empty_looks)

    def people(self, frame: TrackedFrame) -> Sightings:
        """Return the people of all tracks: as seen, or else as predicted (upstream: as last seen)."""
        people = self.tracks.last.copy()
        missed = np.flatnonzero(self.tracks.misses)
        if len(missed) and not self._parameters.upstream:
            people.overwrite(missed, self._expected(frame, missed))
        return people

    def places(self, frame: TrackedFrame, rows: Int64) -> tuple[PredictedPlaces, Float32]:
        """Return where some tracks are expected, and their last boxes, moved there."""
        location = frame.prediction.of(self.tracks.track_id[rows]).location
        last = self.tracks.last.take(rows)
        places = predicted_places(last, location, frame.size)
        return places, moved_boxes(last, places)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the whole state; `restore` takes it."""
        arrays = with_prefix("tracks", self.tracks.arrays()) | {"next_id": np.array(self.next_id)}
        if self.textures:
            arrays["texture_ids"] = np.array(list(self.textures), np.int64)
            arrays["textures"] = np.stack(list(self.textures.values()))
        return arrays

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over a state; other arrays are left aside.

        Raises:
            KeyError, TypeError, ValueError, ContractError: they are not those of a state.
        """
        self.tracks = Tracks.from_arrays(without_prefix("tracks", arrays))
        self.next_id = int(arrays["next_id"])
        if "textures" in arrays:
            maps = np.array(arrays["textures"])
            self.textures = dict(zip(arrays["texture_ids"].tolist(), maps, strict=True))

    def _believed(self, frame: TrackedFrame, rows: Int64, seen: Sightings, observed: Observed) -> Sightings:
        """Return the sightings of ``rows`` as their tracks make them believed; a new shot begins anew."""
        tracks = self.tracks
        known = Continuity.unknown(len(rows))
        if not frame.shot:
            last, steps = tracks.last.take(rows), frame.time - tracks.last_time[rows]
            known = tracks.continuity.take(rows)
            if observed.other_turns is not None and observed.lead is not None:
                seen = turned_as_before(last, seen, observed.other_turns, observed.lead, steps)
            seen = self._with_believed_bodies(frame, rows, seen)
            seen, known = continued(last, known, seen, steps, frame.size, self._body, self._parameters)
        tracks.continuity.overwrite(rows, known)
        return seen

    def _with_believed_bodies(self, frame: TrackedFrame, rows: Int64, seen: Sightings) -> Sightings:
        """Return the sightings of ``rows`` with the expected body where the one that was seen is not believed."""
        places = np.flatnonzero(doubted(seen))
        if not len(places):
            return seen
        expected, believed = self._expected(frame, rows[places]), seen.copy()
        boxes = moved_boxes(self.tracks.last.take(rows[places]), expected)
        believed.overwrite(places, with_expected_bodies(seen.take(places), expected, boxes, frame.size))
        return believed

    def _expected(self, frame: TrackedFrame, rows: Int64) -> Sightings:
        """Return the people of some tracks as predicted."""
        expected = frame.prediction.of(self.tracks.track_id[rows])
        last = self.tracks.last.take(rows)
        return predicted_sightings(last, expected.pose, expected.location, frame.size, self._body)
