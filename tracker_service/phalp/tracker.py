"""PHALP: people followed by predicting appearance, location and pose.

Rajasegaran et al., "Tracking People by Predicting 3D Appearance, Location and Pose", CVPR 2022; `Tracker.update` is
its loop. Upstream: ``phalp/external/deep_sort_/tracker.py`` and ``phalp/trackers/PHALP.py`` (phalp.md section 5).
"""

from typing import Self

import numpy as np

from tracker_service.errors import ContractError, TrackerStateError
from tracker_service.phalp.appearance import TextureEncoder, blend_texture
from tracker_service.phalp.association import Association, associate, associate_identities, rounds, with_identities
from tracker_service.phalp.carrying import JointModel, carry_on
from tracker_service.phalp.comparison import Comparison, Observed
from tracker_service.phalp.pose_prediction import ConstantVelocityPose, PosePredictor
from tracker_service.phalp.prediction import Prediction, predict
from tracker_service.phalp.reporting import live_people, visible_people
from tracker_service.phalp.state.backlog import backlog_for
from tracker_service.phalp.state.sightings import Sightings
from tracker_service.phalp.state.snapshot import (
    SNAPSHOT_VERSION,
    TrackerSnapshot,
    pack_records,
    unpack_records,
    with_prefix,
    without_prefix,
)
from tracker_service.phalp.track import Tracks
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Float32, Int64, People, TrackedPerson


class Tracker:
    """Follows people through the frames of one video, in order.

    Args:
        parameters: thresholds, terms and lifetimes.
        body: joints of predicted bodies; without it predicted people keep their last observed joints.
        pose_predictor: how poses go on; constant angular velocity by default.
        texture_encoder: embeds texture maps; needed where ``parameters.predict`` has T.

    Raises:
        SettingsError: texture is asked for without an encoder.
    """

    def __init__(
        self,
        parameters: TrackerParameters,
        *,
        body: JointModel | None = None,
        pose_predictor: PosePredictor | None = None,
        texture_encoder: TextureEncoder | None = None,
    ) -> None:
        self._parameters = parameters
        self._body = body
        self._pose_predictor = pose_predictor or ConstantVelocityPose()
        self._comparison = Comparison(parameters, texture_encoder)
        self._tracks = Tracks.none(parameters.track_history)
        self._textures: dict[int, Float32] = {}
        self._backlog = backlog_for(parameters)
        self._next_id = 1
        self._time: int | None = None
        self._association: Association | None = None

    @property
    def parameters(self) -> TrackerParameters:
        """Thresholds, terms and lifetimes."""
        return self._parameters

    @property
    def tracks(self) -> Tracks:
        """The living tracks after the last update, tentative ones included; not to be written to."""
        return self._tracks

    @property
    def association(self) -> Association | None:
        """How the last update assigned detections to the tracks that lived before it."""
        return self._association

    @property
    def textures(self) -> dict[int, Float32]:
        """Texture map (4, H, W) of each living track by identity; empty unless texture is a term."""
        return dict(self._textures)

    @property
    def pending_since(self) -> int | None:
        """Oldest frame that may still receive back-filled records; None if all frames so far are final."""
        return self._backlog.oldest

    def predict(self, time: int) -> Prediction:
        """Return what is expected of every living track in frame ``time``; changes nothing."""
        return predict(self._tracks, time, self._parameters, self._pose_predictor)

    def update(
        self,
        people: People,
        time: int,
        frame_size: tuple[int, int],
        shot: bool = False,
        low_score: People | None = None,
    ) -> tuple[TrackedPerson, ...]:
        """Take in the people of the next frame.

        Args:
            people: the people found; may be empty. Rows with values that are not finite are ignored.
            time: number of the frame, greater than that of the last update.
            frame_size: width and height of the frame in pixels.
            shot: whether the frame is the first of a new shot.
            low_score: people that may continue a confirmed track which ``people`` left unmatched, but start none
                (ByteTrack's second association). Their detection indices follow those of ``people``.

        Returns:
            The confirmed people of this frame, seen and predicted, in order of track id, each followed by the records
            of earlier frames that became certain with it (their ``frame_number`` says which). A live tracker names
            tentative people as well and never an earlier frame (`tracker_service.phalp.reporting`).

        Raises:
            ContractError: time does not advance, embeddings change their length, or texture maps are missing.
        """
        self._check(people, time)
        # Frames may have been left out: nobody comes back whose track would have ended in one of them.
        self._forget(time - 1)
        observed = self._comparison.observe(people)
        prediction = self.predict(time)
        self._tracks.age += 1
        association = self._associate(prediction, observed, shot=shot)
        self._update_matched(association.matches, observed, time, shot=shot)
        missed = association.unmatched_tracks
        if low_score is not None and not self._parameters.upstream:
            missed = self._rescue(prediction, missed, self._comparison.observe(low_score, len(people)), time, shot=shot)
        self._tracks.miss(missed)
        if self._parameters.live:
            self._tracks.doubt(self._parameters.tentative_misses)
        self._spawn(association.unmatched_detections, observed, time)
        self._forget(time)
        self._time, self._association = time, association
        return tuple(self._records(prediction, time, frame_size))

    def new_identity(self) -> int:
        """Return a track id that no track has had or will have, for a person followed by other means."""
        self._next_id += 1
        return self._next_id - 1

    def snapshot(self) -> TrackerSnapshot:
        """Return the whole state; a tracker restored from it goes on as this one would."""
        arrays = with_prefix("tracks", self._tracks.arrays())
        arrays |= with_prefix("backlog", pack_records(self._backlog.records))
        arrays["next_id"] = np.array(self._next_id)
        arrays["time"] = np.array([] if self._time is None else [self._time], np.int64)
        arrays["frames"] = np.array(self._backlog.frames, np.int64)
        if self._textures:
            arrays["texture_ids"] = np.array(list(self._textures), np.int64)
            arrays["textures"] = np.stack(list(self._textures.values()))
        copies = {name: np.array(array) for name, array in arrays.items()}
        return TrackerSnapshot(SNAPSHOT_VERSION, repr(self._parameters), copies)

    @classmethod
    def restore(
        cls,
        snapshot: TrackerSnapshot,
        parameters: TrackerParameters,
        *,
        body: JointModel | None = None,
        pose_predictor: PosePredictor | None = None,
        texture_encoder: TextureEncoder | None = None,
    ) -> Self:
        """Return a tracker that goes on where ``snapshot`` was taken.

        Raises:
            TrackerStateError: the snapshot is of another version, was taken with other parameters, or lacks arrays.
        """
        snapshot.check(parameters)
        tracker = cls(parameters, body=body, pose_predictor=pose_predictor, texture_encoder=texture_encoder)
        arrays = snapshot.arrays
        try:
            tracker._tracks = Tracks.from_arrays(without_prefix("tracks", arrays))
            tracker._next_id = int(arrays["next_id"])
            tracker._time = int(arrays["time"][0]) if len(arrays["time"]) else None
            tracker._backlog.resume(unpack_records(without_prefix("backlog", arrays)), arrays["frames"].tolist())
            if "textures" in arrays:
                maps = np.array(arrays["textures"])
                tracker._textures = dict(zip(arrays["texture_ids"].tolist(), maps, strict=True))
        except (KeyError, TypeError, ValueError, ContractError) as error:
            raise TrackerStateError(f"tracker state: expected the arrays of a tracker, got {error!r}") from error
        return tracker

    def _check(self, people: People, time: int) -> None:
        if self._time is not None and time <= self._time:
            raise ContractError(f"Tracker.update: expected a frame after {self._time}, got {time}")
        length, living = people.appearance.shape[1], self._tracks.last.appearance.shape[1]
        if len(people) and length != living:
            if len(self._tracks):
                raise ContractError(f"People.appearance: expected embeddings of length {living}, got {length}")
            self._tracks = Tracks.none(self._parameters.track_history, length)

    def _associate(self, prediction: Prediction, observed: Observed, *, shot: bool) -> Association:
        parameters, tracks = self._parameters, self._tracks
        cost = self._comparison.cost(prediction, observed, self._textures, shot=shot)
        if not parameters.use_gt:
            return associate(cost, parameters.hungarian_th)
        identities = tracks.last.identity, observed.sightings.identity
        if parameters.upstream:
            return associate_identities(cost, *identities)
        return associate(with_identities(cost, *identities), parameters.hungarian_th)

    def _update_matched(self, matches: Int64, observed: Observed, time: int, *, shot: bool) -> None:
        """Enter the matched detections into their tracks and confirm those seen often enough."""
        tracks, parameters = self._tracks, self._parameters
        for rows, columns in rounds(matches):
            seen = observed.sightings.take(columns)
            if not parameters.upstream:
                seen.identity = np.where(seen.identity < 0, tracks.last.identity[rows], seen.identity)
            tracks.see(rows, seen, time, shot=shot)
            tracks.confirmed[rows] |= (tracks.hits[rows] >= parameters.n_init) | seen.annotated
            if observed.textures:
                for row, column in zip(rows, columns, strict=True):
                    weight = parameters.alpha * float(observed.sightings.score[column]) ** 2
                    blend_texture(self._textures[int(tracks.track_id[row])], observed.textures[column], weight)

    def _rescue(self, prediction: Prediction, missed: Int64, low: Observed, time: int, *, shot: bool) -> Int64:
        """Let low-score detections continue confirmed tracks; return the tracks still missed."""
        rows = missed[self._tracks.confirmed[missed]]
        if not len(rows) or not len(low.sightings):
            return missed
        cost = self._comparison.cost(prediction.take(rows), low, self._textures, shot=shot)
        matches = associate(cost, self._parameters.second_pass_cost).matches
        matches = np.stack([rows[matches[:, 0]], matches[:, 1]], axis=1)
        self._update_matched(matches, low, time, shot=shot)
        return np.setdiff1d(missed, matches[:, 0])

    def _spawn(self, columns: Int64, observed: Observed, time: int) -> None:
        """Start a track for each detection nobody claimed."""
        if not len(columns):
            return
        parameters = self._parameters
        born = Tracks.begin(self._next_id, observed.sightings.take(columns), time, parameters.track_history)
        born.confirmed |= not parameters.upstream and parameters.n_init <= 1
        self._next_id += len(columns)
        self._tracks = self._tracks.joined(born)
        if observed.textures:
            for track_id, column in zip(born.track_id.tolist(), columns, strict=True):
                self._textures[track_id] = observed.textures[column].astype(np.float32)

    def _forget(self, time: int) -> None:
        """Drop tracks that were missed for too long."""
        dead = self._tracks.dead(time, self._parameters.max_age_track, self._parameters.survived_misses)
        if dead.any():
            self._tracks = self._tracks.take(~dead)
            living = set(self._tracks.track_id.tolist())
            self._textures = {track_id: texture for track_id, texture in self._textures.items() if track_id in living}
            self._backlog.keep_only(living)

    def _records(self, prediction: Prediction, time: int, frame_size: tuple[int, int]) -> list[TrackedPerson]:
        """Return what is said about this frame and, of tracks confirmed in it, about earlier ones."""
        tracks, parameters = self._tracks, self._parameters
        if len(tracks):
            self._backlog.note_frame(time)
        people = self._people_now(prediction, frame_size)
        ages = (time - tracks.last_time).tolist()
        said = []
        for row, (track_id, age) in enumerate(zip(tracks.track_id.tolist(), ages, strict=True)):
            record = people.record(row, track_id, time, age, parameters.confidence_decay**age)
            confirmed, hits = bool(tracks.confirmed[row]), int(tracks.hits[row])
            said += self._backlog.settle(record, confirmed=confirmed, hits=hits)
        if parameters.upstream:
            return said
        if not parameters.live:
            return visible_people(said, frame_size, parameters.least_visible)
        confirmed_ids = set(tracks.track_id[tracks.confirmed].tolist())
        least, doubtful = parameters.least_visible, parameters.tentative_misses
        return live_people(said, confirmed_ids, frame_size, least_visible=least, doubtful_age=doubtful)

    def _people_now(self, prediction: Prediction, frame_size: tuple[int, int]) -> Sightings:
        """Return the people of all living tracks: as seen, or else as predicted (upstream: as last seen)."""
        tracks = self._tracks
        people = tracks.last.take(np.arange(len(tracks)))
        missed = np.flatnonzero(tracks.misses)
        if len(missed) and not self._parameters.upstream:
            expected = prediction.of(tracks.track_id[missed])
            last = people.take(missed)
            people.overwrite(missed, carry_on(last, expected.pose, expected.location, frame_size, self._body))
        return people
