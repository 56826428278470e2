"""PHALP: people tracked by predicting appearance, location and pose.

Rajasegaran et al., "Tracking People by Predicting 3D Appearance, Location and Pose", CVPR 2022; `Tracker.update` is
its loop. Upstream: ``phalp/external/deep_sort_/tracker.py`` and ``phalp/trackers/PHALP.py``.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.errors import ContractError, TrackerStateError
from tracker_service.phalp.appearance import TextureEncoder, blend_texture
from tracker_service.phalp.association import associate, associate_identities, rounds, with_identities
from tracker_service.phalp.comparison import Comparison, Observed
from tracker_service.phalp.continuation.doubt import doubted, with_expected_bodies
from tracker_service.phalp.continuation.sightings import continued
from tracker_service.phalp.continuation.turns import turned_as_before
from tracker_service.phalp.cost import CostTerms
from tracker_service.phalp.expectation.expected import expected_people
from tracker_service.phalp.expectation.patience import Patience
from tracker_service.phalp.expectation.plausibility import continuation_cost, may_continue, may_start, moved_boxes
from tracker_service.phalp.missed_tracks import (
    JointModel,
    PredictedPlaces,
    predicted_places,
    predicted_sightings,
    visible_part,
)
from tracker_service.phalp.next_poses import NextPoses
from tracker_service.phalp.pose_prediction import ConstantVelocityPose, PosePredictor
from tracker_service.phalp.prediction import Prediction, predict
from tracker_service.phalp.reporting import live_people, visible_people
from tracker_service.phalp.state.back_fill import back_fill_for
from tracker_service.phalp.state.continuity import Continuity
from tracker_service.phalp.state.decision import AssociationStep, Decision
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
from tracker_service.types import (
    Bool,
    CameraMotion,
    Float32,
    Float64,
    FoundBy,
    Int64,
    LookAgain,
    LookRound,
    People,
    TrackedPerson,
)


@dataclass(frozen=True, slots=True)
class _Frame:
    """The frame that is being tracked, and what was expected of it."""

    prediction: Prediction
    time: int
    size: tuple[int, int]
    shot: bool


class Tracker:
    """Tracks people through the frames of one video, in order.

    Args:
        parameters: thresholds, terms and lifetimes.
        body: joints of predicted bodies; without it predicted people keep their last observed joints.
        pose_predictor: predicts poses; constant angular velocity by default. It is asked for those of the next frame
            at the end of `update`, and waited for in the next one.
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
        self._next_poses = NextPoses(pose_predictor or ConstantVelocityPose(), grouped=parameters.upstream)
        self._comparison = Comparison(parameters, texture_encoder)
        self._tracks = Tracks.none(parameters.track_history)
        self._textures: dict[int, Float32] = {}
        self._back_fill = back_fill_for(parameters)
        self._next_id = 1
        self._time: int | None = None
        self._updates = 0
        self._patience = Patience(parameters.empty_looks)
        self._decision: Decision | None = None

    @property
    def parameters(self) -> TrackerParameters:
        """Thresholds, terms and lifetimes."""
        return self._parameters

    @property
    def tracks(self) -> Tracks:
        """The tracks alive after the last update, tentative ones included; not to be written to."""
        return self._tracks

    @property
    def decision(self) -> Decision | None:
        """How the last update assigned detections to the tracks alive before it; None before the first update."""
        return self._decision

    @property
    def textures(self) -> dict[int, Float32]:
        """Texture map (4, H, W) of each track by identity; empty unless texture is a term."""
        return dict(self._textures)

    @property
    def pending_since(self) -> int | None:
        """Oldest frame that may still receive back-filled records; None if all frames so far are final."""
        return self._back_fill.oldest

    def predict(self, time: int) -> Prediction:
        """Return what is expected of every track in frame ``time``; changes nothing."""
        return predict(self._tracks, time, self._parameters, self._next_poses.poses(self._tracks, time))

    def update(
        self,
        people: People,
        time: int,
        frame_size: tuple[int, int],
        shot: bool = False,
        low_score: People | None = None,
        motion: CameraMotion | None = None,
        look_again: LookAgain | None = None,
        look_round: LookRound | None = None,
    ) -> tuple[TrackedPerson, ...]:
        """Take in the people of the next frame.

        Args:
            people: the people found; may be empty. Rows with values that are not finite are ignored.
            time: number of the frame, greater than that of the last update.
            frame_size: width and height of the frame in pixels.
            shot: whether the frame is the first of a new shot.
            low_score: people that may continue a confirmed track which ``people`` left unmatched, but start none
                (ByteTrack's second association). Their detection indices follow those of ``people``.
            motion: how the picture of the background moved since the last frame; None where that is not known.
            look_again: looks in this frame for confirmed people whom nobody continued; not asked for those outside the
                frame or behind a nearer person, on a new shot, and with ``compat="upstream"``. Whom it finds is
                compared with the track it was looked for only.
            look_round: looks in this frame for people whom nobody knows yet; not asked while somebody who is expected
                was not found, for a while after it found nobody, and with ``compat="upstream"``.

        Returns:
            The confirmed people of this frame, seen, predicted and lost, in order of track id, each followed by the
            records of earlier frames that are back-filled with it (their ``frame_number`` tells which). Lost people are
            to be shown only where a frame has nobody else (`without_lost`). A live tracker reports
            tentative people as well and never back-fills (`tracker_service.phalp.reporting`).

        Raises:
            ContractError: time does not advance, embeddings change their length, or texture maps are missing.
            InferenceError: the poses could not be predicted; the frame may be given again.
        """
        self._check(people, time)
        # Frames may have been left out: tracks that would have ended in one of them end now.
        self._end_tracks(time - 1)
        pose = self._next_poses.poses(self._tracks, time)
        upstream, first_index = self._parameters.upstream, len(people)
        observed, refused = self._divided(people)
        doubtful = refused.take(np.flatnonzero(may_continue(refused.sightings, self._parameters)))
        if low_score is not None and len(low_score):
            doubtful = doubtful.joined(self._comparison.observe(low_score, first_index, FoundBy.LOW_SCORE))
            first_index += len(low_score)
        if motion is not None and not upstream:
            self._tracks.carry(motion, frame_size)
        frame = _Frame(predict(self._tracks, time, self._parameters, pose), time, frame_size, shot)
        confirmed, hits, misses = self._tracks.confirmed.copy(), self._tracks.hits.copy(), self._tracks.misses.copy()
        self._tracks.age += 1
        first = self._associate(frame, observed)
        missed, free = first.association.unmatched_tracks, first.association.unmatched_detections
        second = third = around = None
        if not upstream and not shot:
            missed, second = self._continue(frame, missed, doubtful)
            refused = refused.without(() if second is None else second.matched_detections)
            if look_again is not None:
                missed, third = self._look_again(frame, missed, look_again, first_index)
                first_index += 0 if third is None else len(third.detection_index)
        newcomers = observed.take(free)
        if look_round is not None and not upstream:
            people_found = self._look_round(frame, missed, newcomers.sightings, refused.sightings, look_round)
            if people_found is not None and len(people_found):
                found = self._comparison.observe(people_found, first_index, FoundBy.SECOND_LOOK)
                missed, found, around = self._recognised(frame, missed, found)
                newcomers = newcomers.joined(found)
        self._tracks.miss(missed)
        if self._parameters.live:
            self._tracks.restart_count(self._parameters.tentative_misses)
        new = self._start_tracks(newcomers, time)
        ended = self._end_tracks(time)
        self._next_poses.prepare(self._tracks, time, 1 if self._time is None else time - self._time)
        self._time = time
        self._updates += 1
        refused_index = refused.sightings.detection_index
        steps = first, second, third, around
        self._decision = Decision(time, shot, confirmed, hits, misses, *steps, refused_index, *new, ended)
        return tuple(self._records(frame))

    def finish(self) -> tuple[TrackedPerson, ...]:
        """Say after the last frame of a source whom else to report: tentative people whom more frames could confirm.

        Returns:
            The records, of the last frames, of the tentative tracks that were seen in every frame since they began, in
            order of track id; none where ``report_tentative`` does not ask for them. Frames left out count as none.
        """
        self._next_poses.drop()
        if not self._parameters.reports_tentative(self._updates):
            return ()
        reported = ~self._tracks.confirmed & self._tracks.seen_throughout
        return tuple(self._back_fill.take(self._tracks.track_id[reported].tolist()))

    def new_identity(self) -> int:
        """Return a track id that no track has had or will have, for a person tracked by other means."""
        self._next_id += 1
        return self._next_id - 1

    def snapshot(self) -> TrackerSnapshot:
        """Return the whole state; a tracker restored from it continues as this one would."""
        arrays = with_prefix("tracks", self._tracks.arrays())
        arrays |= with_prefix("back_fill", pack_records(self._back_fill.records))
        arrays["next_id"] = np.array(self._next_id)
        arrays["updates"] = np.array(self._updates)
        arrays["looks_from"] = np.array(self._patience.until)
        arrays["time"] = np.array([] if self._time is None else [self._time], np.int64)
        arrays["frames"] = np.array(self._back_fill.frames, np.int64)
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
        """Return a tracker that continues where ``snapshot`` was taken.

        Raises:
            TrackerStateError: the snapshot is of another version, was taken with other parameters, or lacks arrays.
        """
        snapshot.check(parameters)
        tracker = cls(parameters, body=body, pose_predictor=pose_predictor, texture_encoder=texture_encoder)
        arrays = snapshot.arrays
        try:
            tracker._tracks = Tracks.from_arrays(without_prefix("tracks", arrays))
            tracker._next_id = int(arrays["next_id"])
            tracker._updates = int(arrays["updates"])
            tracker._patience.until = int(arrays["looks_from"])
            tracker._time = int(arrays["time"][0]) if len(arrays["time"]) else None
            tracker._back_fill.restore(unpack_records(without_prefix("back_fill", arrays)), arrays["frames"].tolist())
            if "textures" in arrays:
                maps = np.array(arrays["textures"])
                tracker._textures = dict(zip(arrays["texture_ids"].tolist(), maps, strict=True))
        except (KeyError, TypeError, ValueError, ContractError) as error:
            raise TrackerStateError(f"tracker state: expected the arrays of a tracker, got {error!r}") from error
        return tracker

    def _check(self, people: People, time: int) -> None:
        if self._time is not None and time <= self._time:
            raise ContractError(f"Tracker.update: expected a frame after {self._time}, got {time}")
        self._expect_embeddings_of(people)

    def _expect_embeddings_of(self, people: People) -> None:
        length, known = people.appearance.shape[1], self._tracks.last.appearance.shape[1]
        if len(people) and length != known:
            if len(self._tracks):
                raise ContractError(f"People.appearance: expected embeddings of length {known}, got {length}")
            self._tracks = Tracks.none(self._parameters.track_history, length)

    def _divided(self, people: People) -> tuple[Observed, Observed]:
        """Return the people who may start a track, and those who may only continue one (not in upstream)."""
        observed = self._comparison.observe(people)
        starting = may_start(observed.sightings, self._parameters)
        if starting.all():
            return observed, observed.take(np.zeros(0, np.int64))
        return observed.take(np.flatnonzero(starting)), observed.take(np.flatnonzero(~starting))

    def _associate(self, frame: _Frame, observed: Observed) -> AssociationStep:
        """Assign all detections that may start a track to all tracks."""
        parameters, seen = self._parameters, observed.sightings
        terms, cost = self._comparison.compare(frame.prediction, observed, self._textures, shot=frame.shot)
        identities = self._tracks.last.identity, seen.identity
        if parameters.use_gt and parameters.upstream:
            association = associate_identities(cost, *identities)
        else:
            cost = with_identities(cost, *identities) if parameters.use_gt else cost
            association = associate(cost, parameters.hungarian_th)
        self._update_matched(frame, association.matches, observed)
        threshold = parameters.hungarian_th
        return AssociationStep(frame.prediction.track_id, seen.detection_index, threshold, terms, association)

    def _update_matched(self, frame: _Frame, matches: Int64, observed: Observed) -> None:
        """Enter the matched detections into their tracks and confirm those seen often enough."""
        tracks, parameters = self._tracks, self._parameters
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
                    blend_texture(self._textures[int(tracks.track_id[row])], observed.textures[column], weight)

    def _believed(self, frame: _Frame, rows: Int64, seen: Sightings, observed: Observed) -> Sightings:
        """Return the sightings of ``rows`` as their tracks make them believed; a new shot begins anew."""
        tracks = self._tracks
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

    def _with_believed_bodies(self, frame: _Frame, rows: Int64, seen: Sightings) -> Sightings:
        """Return the sightings of ``rows`` with the expected body where the one that was seen is not believed."""
        places = np.flatnonzero(doubted(seen))
        if not len(places):
            return seen
        expected, believed = self._expected(frame, rows[places]), seen.copy()
        boxes = moved_boxes(self._tracks.last.take(rows[places]), expected)
        believed.overwrite(places, with_expected_bodies(seen.take(places), expected, boxes, frame.size))
        return believed

    def _continue(self, frame: _Frame, missed: Int64, doubtful: Observed) -> tuple[Int64, AssociationStep | None]:
        """Let doubtful sightings continue confirmed tracks; return the tracks still missed (after ByteTrack, 2022)."""
        rows = missed[self._tracks.confirmed[missed]]
        if not len(rows) or not len(doubtful.sightings):
            return missed, None
        terms, cost = self._doubtful_cost(frame, rows, doubtful)
        return self._continued(frame, missed, rows, doubtful, terms, cost)

    def _look_again(
        self, frame: _Frame, missed: Int64, look_again: LookAgain, first_index: int
    ) -> tuple[Int64, AssociationStep | None]:
        """Look once more for the confirmed tracks that were missed; return the tracks still missed."""
        tracks, parameters = self._tracks, self._parameters
        rows = missed[tracks.confirmed[missed]]
        rows = rows[tracks.worth_a_look(rows, frame.time, parameters.lost_uncertainty, parameters.empty_looks)]
        if not len(rows):
            return missed, None
        expected, boxes = self._places(frame, rows)
        seen_now = np.flatnonzero(tracks.last_time == frame.time)
        wanted = expected_people(
            tracks.track_id[rows],
            frame.time - tracks.last_time[rows],
            expected,
            boxes,
            tracks.last.take(seen_now),
            frame.size,
            parameters.least_visible,
        )
        if not len(wanted):
            return missed, None
        rows = np.searchsorted(tracks.track_id, wanted.track_id)
        found = look_again(wanted, tracks.last.box[seen_now])
        nobody = np.ones(len(rows), np.bool_) if found is None else ~np.isin(wanted.track_id, found.track_id)
        tracks.empty_looks[rows[nobody]] += 1
        if found is None or not len(found):
            return missed, None
        observed = self._comparison.observe(found.people, first_index, FoundBy.SECOND_LOOK)
        looked_for = found.track_id[observed.sightings.detection_index - first_index]
        terms, cost = self._doubtful_cost(frame, rows, observed)
        cost = np.where(wanted.track_id[:, None] == looked_for, cost, np.inf)
        return self._continued(frame, missed, rows, observed, terms, cost)

    def _look_round(
        self, frame: _Frame, missed: Int64, newcomers: Sightings, refused: Sightings, look_round: LookRound
    ) -> People | None:
        """Look for people whom nobody knows yet, unless somebody is awaited: that one would be found mostly."""
        if not self._patience.looks(frame.time, shot=frame.shot) or self._awaited(frame, missed):
            return None
        tracks = self._tracks
        taken = np.concatenate([tracks.last.box[tracks.last_time == frame.time], newcomers.box])
        found = look_round(refused.box, taken)
        if found is not None:
            self._expect_embeddings_of(found)
            self._patience.looked(frame.time, found=len(found) > 0)
        return found

    def _awaited(self, frame: _Frame, missed: Int64) -> bool:
        """Return whether a confirmed person who was missed should be in the frame."""
        rows = missed[self._tracks.confirmed[missed] & ~self._lost(frame.time)[missed]]
        if frame.shot or not len(rows):
            return False
        boxes = self._places(frame, rows)[1]
        return any(visible_part(box, frame.size) >= self._parameters.least_visible for box in boxes)

    def _recognised(self, frame: _Frame, missed: Int64, found: Observed) -> tuple[Int64, Observed, AssociationStep]:
        """Let people found by looking round continue missed tracks; return the tracks and the people left over."""
        prediction, threshold = frame.prediction.take(missed), self._parameters.hungarian_th
        terms, cost = self._comparison.compare(prediction, found, self._textures, shot=frame.shot)
        association = associate(cost, threshold)
        matches = np.stack([missed[association.matches[:, 0]], association.matches[:, 1]], axis=1)
        self._update_matched(frame, matches, found)
        step = AssociationStep(prediction.track_id, found.sightings.detection_index, threshold, terms, association)
        left = found.take(association.unmatched_detections)
        return missed[association.unmatched_tracks], left, step

    def _doubtful_cost(self, frame: _Frame, rows: Int64, doubtful: Observed) -> tuple[CostTerms | None, Float64]:
        """Return the terms and what it costs to continue some tracks with doubtful sightings."""
        terms, cost = self._comparison.compare(frame.prediction.take(rows), doubtful, self._textures, shot=False)
        if terms is None:
            return terms, cost
        _, boxes = self._places(frame, rows)
        uncertain = self._tracks.uncertainty(frame.time)[rows]
        seen, compared = doubtful.sightings, (terms, cost)
        return terms, continuation_cost(boxes, uncertain, seen, compared, self._parameters)

    def _continued(
        self,
        frame: _Frame,
        missed: Int64,
        rows: Int64,
        doubtful: Observed,
        terms: CostTerms | None,
        cost: Float64,
    ) -> tuple[Int64, AssociationStep]:
        """Assign doubtful sightings to the tracks ``rows`` and enter them; return the tracks still missed."""
        threshold = self._parameters.second_pass_cost
        association = associate(cost, threshold)
        matches = np.stack([rows[association.matches[:, 0]], association.matches[:, 1]], axis=1)
        self._update_matched(frame, matches, doubtful)
        track_id, index = self._tracks.track_id[rows], doubtful.sightings.detection_index
        return np.setdiff1d(missed, matches[:, 0]), AssociationStep(track_id, index, threshold, terms, association)

    def _start_tracks(self, newcomers: Observed, time: int) -> tuple[Int64, Int64]:
        """Start a track for each newcomer; return their identities and detections."""
        parameters, sightings = self._parameters, newcomers.sightings
        if not len(sightings):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        new = Tracks.begin(self._next_id, sightings, time, parameters.track_history)
        new.confirmed |= not parameters.upstream and parameters.n_init <= 1
        self._next_id += len(sightings)
        self._tracks = self._tracks.joined(new)
        if newcomers.textures:
            for track_id, texture in zip(new.track_id.tolist(), newcomers.textures, strict=True):
                self._textures[track_id] = texture.astype(np.float32)
        return new.track_id, sightings.detection_index

    def _end_tracks(self, time: int) -> Int64:
        """Delete the tracks that were missed for too long; return their identities."""
        over = self._tracks.ended(time, self._parameters.max_age_track, self._parameters.survived_misses)
        ended = self._tracks.track_id[over]
        if over.any():
            self._tracks = self._tracks.take(~over)
            alive = set(self._tracks.track_id.tolist())
            self._textures = {track_id: texture for track_id, texture in self._textures.items() if track_id in alive}
            self._back_fill.keep_only(alive)
        return ended

    def _records(self, frame: _Frame) -> list[TrackedPerson]:
        """Return the records of this frame and, of tracks confirmed in it, those of earlier frames."""
        tracks, parameters = self._tracks, self._parameters
        if len(tracks):
            self._back_fill.note_frame(frame.time)
        people = self._people_now(frame).protect()
        ages = (frame.time - tracks.last_time).tolist()
        lost = self._lost(frame.time).tolist()
        records = []
        for row, (track_id, age) in enumerate(zip(tracks.track_id.tolist(), ages, strict=True)):
            record = people.record(row, track_id, frame.time, age, parameters.confidence_decay**age, lost=lost[row])
            confirmed, hits = bool(tracks.confirmed[row]), int(tracks.hits[row])
            records += self._back_fill.add(record, confirmed=confirmed, hits=hits)
        if parameters.upstream:
            return records
        if not parameters.live:
            return visible_people(records, frame.size, parameters.least_visible)
        confirmed_ids = set(tracks.track_id[tracks.confirmed].tolist())
        least, misses = parameters.least_visible, parameters.tentative_misses
        return live_people(records, confirmed_ids, frame.size, least_visible=least, tentative_misses=misses)

    def _lost(self, time: int) -> Bool:
        """Return (n,) whether the evidence is against each track; nobody is ever lost to upstream."""
        parameters = self._parameters
        if parameters.upstream:
            return np.zeros(len(self._tracks), np.bool_)
        return self._tracks.lost(time, parameters.lost_uncertainty, parameters.empty_looks)

    def _people_now(self, frame: _Frame) -> Sightings:
        """Return the people of all tracks: as seen, or else as predicted (upstream: as last seen)."""
        tracks = self._tracks
        people = tracks.last.copy()
        missed = np.flatnonzero(tracks.misses)
        if len(missed) and not self._parameters.upstream:
            people.overwrite(missed, self._expected(frame, missed))
        return people

    def _places(self, frame: _Frame, rows: Int64) -> tuple[PredictedPlaces, Float32]:
        """Return where some tracks are expected, and their last boxes, moved there."""
        location = frame.prediction.of(self._tracks.track_id[rows]).location
        last = self._tracks.last.take(rows)
        places = predicted_places(last, location, frame.size)
        return places, moved_boxes(last, places)

    def _expected(self, frame: _Frame, rows: Int64) -> Sightings:
        """Return the people of some tracks as predicted."""
        expected = frame.prediction.of(self._tracks.track_id[rows])
        last = self._tracks.last.take(rows)
        return predicted_sightings(last, expected.pose, expected.location, frame.size, self._body)
