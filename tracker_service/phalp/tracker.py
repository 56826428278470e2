"""PHALP: people tracked by predicting appearance, location and pose.

Rajasegaran et al., "Tracking People by Predicting 3D Appearance, Location and Pose", CVPR 2022; `Tracker.update` is
its loop. Upstream: ``phalp/external/deep_sort_/tracker.py`` and ``phalp/trackers/PHALP.py``.
"""

from typing import Self

import numpy as np

from tracker_service.errors import ContractError, TrackerStateError
from tracker_service.phalp.appearance import TextureEncoder
from tracker_service.phalp.association_steps import AssociationSteps
from tracker_service.phalp.comparison import Comparison, Observed
from tracker_service.phalp.expectation.plausibility import may_continue, may_start
from tracker_service.phalp.known_people import KnownPeople, TrackedFrame
from tracker_service.phalp.looking import Looking
from tracker_service.phalp.missed_tracks import JointModel
from tracker_service.phalp.pose.next_poses import NextPoses
from tracker_service.phalp.pose.pose_prediction import ConstantVelocityPose, PosePredictor
from tracker_service.phalp.prediction import Prediction, predict
from tracker_service.phalp.reporting import live_people, visible_people
from tracker_service.phalp.state.back_fill import back_fill_for
from tracker_service.phalp.state.decision import Decision, DoubtfulDetections, LivingTracks
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
    FoundBy,
    Int64,
    LookAgain,
    LookRound,
    People,
    TrackedPerson,
)


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
        self._next_poses = NextPoses(pose_predictor or ConstantVelocityPose(), grouped=parameters.upstream)
        self._known = KnownPeople(parameters, body)
        self._comparison = Comparison(parameters, texture_encoder)
        self._steps = AssociationSteps(self._known, self._comparison, parameters)
        self._looking = Looking(self._known, self._comparison, self._steps, parameters)
        self._back_fill = back_fill_for(parameters)
        self._time: int | None = None
        self._updates = 0
        self._decision: Decision | None = None

    @property
    def parameters(self) -> TrackerParameters:
        """Thresholds, terms and lifetimes."""
        return self._parameters

    @property
    def tracks(self) -> Tracks:
        """The tracks alive after the last update, tentative ones included; not to be written to."""
        return self._known.tracks

    @property
    def decision(self) -> Decision | None:
        """How the last update assigned detections to the tracks alive before it; None before the first update."""
        return self._decision

    @property
    def textures(self) -> dict[int, Float32]:
        """Texture map (4, H, W) of each track by identity; empty unless texture is a term."""
        return dict(self._known.textures)

    @property
    def pending_since(self) -> int | None:
        """Oldest frame that may still receive back-filled records; None if all frames so far are final."""
        return self._back_fill.oldest

    def predict(self, time: int) -> Prediction:
        """Return what is expected of every track in frame ``time``; changes nothing."""
        return predict(self._known.tracks, time, self._parameters, self._next_poses.poses(self._known.tracks, time))

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
                (ByteTrack's second association), where the body model is sure of them or they score above
                `TrackerParameters.doubtful_score`. Their detection indices follow those of ``people``.
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
        known, upstream = self._known, self._parameters.upstream
        # Frames may have been left out: tracks that would have ended in one of them end now.
        self._end_tracks(time - 1)
        pose = self._next_poses.poses(known.tracks, time)
        observed, refused = self._divided(people)
        weak, next_index = self._with_low_score(refused, low_score, len(people))
        doubtful = weak.take(np.flatnonzero(may_continue(weak.sightings, self._parameters)))
        given = next_index
        if motion is not None and not upstream:
            known.tracks.carry(motion, frame_size)
        frame = TrackedFrame(predict(known.tracks, time, self._parameters, pose), time, frame_size, shot)
        before = known.tracks.confirmed.copy(), known.tracks.hits.copy(), known.tracks.misses.copy()
        known.tracks.age += 1
        first = self._steps.everybody(frame, observed)
        missed, free = first.association.unmatched_tracks, first.association.unmatched_detections
        second = third = around = None
        if not upstream and not shot:
            missed, second = self._steps.doubtful(frame, missed, doubtful)
            matched = () if second is None else second.matched_detections
            refused, weak = refused.without(matched), weak.without(matched)
            if look_again is not None:
                missed, third = self._looking.again(frame, missed, look_again, next_index)
                if third is not None:  # by the last index: people whose values are not finite have one, too
                    next_index = int(third.detection_index.max(initial=next_index - 1)) + 1
        newcomers = observed.take(free)
        if look_round is not None and not upstream:
            people_found = self._looking.round(frame, missed, newcomers.sightings, refused.sightings, look_round)
            if people_found is not None and len(people_found):
                found = self._comparison.observe(people_found, next_index, FoundBy.SECOND_LOOK)
                missed, found, around = self._steps.newcomers(frame, missed, found)
                newcomers = newcomers.joined(found)
        new, ended = self._advance(frame, missed, newcomers)
        everybody, lost = known.people(frame).protect(), known.lost(time)
        living = LivingTracks(known.tracks.track_id, everybody.box, lost, known.tracks.empty_looks.copy(), frame_size)
        unused = DoubtfulDetections.of(weak.sightings, doubtful.sightings)
        self._decision = Decision(time, shot, given, *before, first, second, third, around, unused, *new, ended, living)
        return tuple(self._records(frame, everybody, lost))

    def finish(self) -> tuple[TrackedPerson, ...]:
        """Say after the last frame of a source whom else to report: tentative people whom more frames could confirm.

        Returns:
            The records, of the last frames, of the tentative tracks that were seen in every frame since they began, in
            order of track id; none where ``report_tentative`` does not ask for them. Frames left out count as none.
        """
        self._next_poses.drop()
        if not self._parameters.reports_tentative(self._updates):
            return ()
        reported = ~self._known.tracks.confirmed & self._known.tracks.seen_throughout
        return tuple(self._back_fill.take(self._known.tracks.track_id[reported].tolist()))

    def new_identity(self) -> int:
        """Return a track id that no track has had or will have, for a person tracked by other means."""
        self._known.next_id += 1
        return self._known.next_id - 1

    def snapshot(self) -> TrackerSnapshot:
        """Return the whole state; a tracker restored from it continues as this one would."""
        arrays = self._known.arrays()
        arrays |= with_prefix("back_fill", pack_records(self._back_fill.records))
        arrays["updates"] = np.array(self._updates)
        arrays["looks_from"] = np.array(self._looking.patience.until)
        arrays["time"] = np.array([] if self._time is None else [self._time], np.int64)
        arrays["frames"] = np.array(self._back_fill.frames, np.int64)
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
            tracker._known.restore(arrays)
            tracker._updates = int(arrays["updates"])
            tracker._looking.patience.until = int(arrays["looks_from"])
            tracker._time = int(arrays["time"][0]) if len(arrays["time"]) else None
            tracker._back_fill.restore(unpack_records(without_prefix("back_fill", arrays)), arrays["frames"].tolist())
        except (KeyError, TypeError, ValueError, ContractError) as error:
            raise TrackerStateError(f"tracker state: expected the arrays of a tracker, got {error!r}") from error
        return tracker

    def _check(self, people: People, time: int) -> None:
        if self._time is not None and time <= self._time:
            raise ContractError(f"Tracker.update: expected a frame after {self._time}, got {time}")
        self._known.expect_embeddings_of(people)

    def _divided(self, people: People) -> tuple[Observed, Observed]:
        """Return the people who may start a track, and those who may only continue one (not in upstream)."""
        observed = self._comparison.observe(people)
        starting = may_start(observed.sightings, self._parameters)
        if starting.all():
            return observed, observed.take(np.zeros(0, np.int64))
        return observed.take(np.flatnonzero(starting)), observed.take(np.flatnonzero(~starting))

    def _with_low_score(self, refused: Observed, low_score: People | None, first_index: int) -> tuple[Observed, int]:
        """Return all people who start no track, and the detection index after theirs."""
        if low_score is None or not len(low_score):
            return refused, first_index
        low = self._comparison.observe(low_score, first_index, FoundBy.LOW_SCORE)
        return refused.joined(low), first_index + len(low_score)

    def _advance(self, frame: TrackedFrame, missed: Int64, newcomers: Observed) -> tuple[tuple[Int64, Int64], Int64]:
        """Close the frame; return the identities and detections of the newcomers, and who ended."""
        tracks, time = self._known.tracks, frame.time
        tracks.miss(missed)
        if self._parameters.live:
            tracks.restart_count(self._parameters.tentative_misses)
        new = self._known.start(newcomers, time)
        ended = self._end_tracks(time)
        self._next_poses.prepare(self._known.tracks, time, 1 if self._time is None else time - self._time)
        self._time = time
        self._updates += 1
        return new, ended

    def _end_tracks(self, time: int) -> Int64:
        """End the tracks that were missed for too long; return their identities."""
        ended = self._known.end(time)
        if len(ended):
            self._back_fill.keep_only(self._known.tracks.track_id.tolist())
        return ended

    def _records(self, frame: TrackedFrame, people: Sightings, lost: Bool) -> list[TrackedPerson]:
        """Return the records of this frame and, of tracks confirmed in it, those of earlier frames.

        Args:
            frame: the frame.
            people: of all tracks, seen or predicted.
            lost: which of them are lost.
        """
        tracks, parameters = self._known.tracks, self._parameters
        if len(tracks):
            self._back_fill.note_frame(frame.time)
        ages = (frame.time - tracks.last_time).tolist()
        records = []
        for row, (track_id, age) in enumerate(zip(tracks.track_id.tolist(), ages, strict=True)):
            record = people.record(
                row, track_id, frame.time, age, parameters.confidence_decay**age, lost=bool(lost[row])
            )
            confirmed, hits = bool(tracks.confirmed[row]), int(tracks.hits[row])
            records += self._back_fill.add(record, confirmed=confirmed, hits=hits)
        if parameters.upstream:
            return records
        if not parameters.live:
            return visible_people(records, frame.size, parameters.least_visible)
        confirmed_ids = set(tracks.track_id[tracks.confirmed].tolist())
        least, misses = parameters.least_visible, parameters.tentative_misses
        return live_people(records, confirmed_ids, frame.size, least_visible=least, tentative_misses=misses)
