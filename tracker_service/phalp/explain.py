"""Why a person got an identity in a frame: a tracker's decision with every candidate pair, its cost and the reasons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

import numpy as np

from tracker_service.errors import SettingsError
from tracker_service.phalp.cost import CostFactors, CostTerms
from tracker_service.phalp.expectation.plausibility import SURE_PRESENCE
from tracker_service.phalp.missed_tracks import visible_part
from tracker_service.phalp.pair_reasons import PairReasons, PairRule
from tracker_service.phalp.state.decision import Decision, DoubtfulDetections
from tracker_service.phalp.tracker_parameters import TrackerParameters

_FIRST, _SECOND, _LOOK, _ROUND = "first", "second", "look", "round"
_CALLED = {_FIRST: "", _SECOND: "second association: ", _LOOK: "second look: ", _ROUND: "look round: "}
_FOUND = "whom a second look finds starts no track"
NOT_REPORTED = "not reported"
"""Begins the reason why a predicted person is left out of the results."""


class Outcome(StrEnum):
    """What became of a track in a frame."""

    CONTINUED = "continued"
    NEW = "new"
    PREDICTED = "predicted"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class PairExplanation:
    """A track compared with a detection.

    Attributes:
        track_id: identity of the track.
        detection: index of the detection among those that passed the gates.
        association: "first", "second" for left-over confirmed tracks with low-score detections, or "look" for tracks
            still left over with people found by looking again where they were expected, "round" for all that were left
            over with people found by looking round.
        terms: appearance T, pose P, location d and its spread c, depth n and its spread g (CVPR 2022, section 3.3).
        factors: what each term contributes; the cost is their product unless ``distance_type`` is a single term, or
            the place alone counts (``rule``).
        overlap: IoU of the detection with the box expected of the track; None where it does not count.
        rule: what decides whether they match.
        cost: what the assignment was made on; None where the rule decides whatever the terms say.
        threshold: highest cost of a match.
        matched: whether the track continued with this detection.
    """

    track_id: int
    detection: int
    association: str
    terms: dict[str, float]
    factors: dict[str, float]
    overlap: float | None
    rule: PairRule
    cost: float | None
    threshold: float
    matched: bool


@dataclass(frozen=True, slots=True)
class TrackExplanation:
    """What became of a track.

    Attributes:
        track_id: its identity.
        confirmed: whether it was confirmed before this frame.
        hits: sightings before this frame.
        misses: frames in a row without a detection before this frame.
        outcome: continued, new, predicted, lost (the evidence is against where it is predicted) or ended.
        detection: the detection it continued or began with.
        reason: why, in a sentence.
    """

    track_id: int
    confirmed: bool
    hits: int
    misses: int
    outcome: Outcome
    detection: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class UnusedDetection:
    """A detection, or a person found by looking again, that neither continued nor started a track.

    Attributes:
        detection: its index.
        reason: why, in a sentence.
    """

    detection: int
    reason: str


@dataclass(frozen=True, slots=True)
class FrameExplanation:
    """Why the people of one frame have their identities.

    Attributes:
        frame_number: the frame.
        shot: whether it is the first of a new shot.
        pairs: every track with every detection it was compared with.
        tracks: the tracks alive before the frame, then the new ones.
        unused: detections, and people found by looking again, that neither continued nor started a track.
    """

    frame_number: int
    shot: bool
    pairs: tuple[PairExplanation, ...]
    tracks: tuple[TrackExplanation, ...]
    unused: tuple[UnusedDetection, ...]

    def of_track(self, track_id: int) -> Self:
        """Return only what concerns one track: itself, its pairs, and the other pairs of the detection it has.

        Raises:
            SettingsError: there is no such track in the frame.
        """
        tracks = tuple(track for track in self.tracks if track.track_id == track_id)
        if not tracks:
            known = ", ".join(str(track.track_id) for track in self.tracks) or "none"
            raise SettingsError(f"track: expected one of frame {self.frame_number} ({known}), got {track_id}")
        detection = tracks[0].detection
        pairs = tuple(
            pair
            for pair in self.pairs
            if pair.track_id == track_id or (detection is not None and pair.detection == detection)
        )
        return replace(self, pairs=pairs, tracks=tracks, unused=())


def explain(decision: Decision, parameters: TrackerParameters) -> FrameExplanation:
    """Explain the decision of a tracker with these parameters (`Tracker.decision` after an update)."""
    steps = {
        name: PairReasons(step, parameters, shot=decision.shot)
        for name, step in (
            (_FIRST, decision.first),
            (_SECOND, decision.second),
            (_LOOK, decision.look),
            (_ROUND, decision.round),
        )
        if step is not None
    }
    tracks = (*_old_tracks(decision, steps, parameters), *_new_tracks(decision, steps))
    return FrameExplanation(
        frame_number=decision.frame_number,
        shot=decision.shot,
        pairs=tuple(pair for name, reasons in steps.items() for pair in _pairs(reasons, name)),
        tracks=tracks,
        unused=tuple(sorted(_unused(decision, steps, parameters), key=lambda unused: unused.detection)),
    )


def _pairs(reasons: PairReasons, association: str) -> Iterator[PairExplanation]:
    step = reasons.step
    if step.terms is None or reasons.factors is None:
        return
    for row, track_id in enumerate(step.track_id.tolist()):
        for column, detection in enumerate(step.detection_index.tolist()):
            yield PairExplanation(
                track_id=track_id,
                detection=detection,
                association=association,
                terms=_terms(step.terms, row, column),
                factors=_factors(reasons.factors, row, column),
                overlap=reasons.overlap(row, column),
                rule=reasons.rule(row, column),
                cost=reasons.cost(row, column),
                threshold=step.threshold,
                matched=(row, column) in reasons.matched,
            )


def _terms(terms: CostTerms, row: int, column: int) -> dict[str, float]:
    return {
        "appearance": float(terms.appearance[row, column]),
        "pose": float(terms.pose[row, column]),
        "location": float(terms.distance[row, column]),
        "location_spread": float(np.broadcast_to(terms.spread, terms.pose.shape)[row, column]),
        "depth": float(terms.depth[row, column]),
        "depth_spread": float(terms.depth_spread[row, 0]),
    }


def _factors(factors: CostFactors, row: int, column: int) -> dict[str, float]:
    return {
        "appearance": float(factors.appearance[row, column]),
        "pose": float(factors.pose[row, column]),
        "location": float(factors.location[row, column]),
        "depth": float(factors.depth[row, column]),
    }


def _old_tracks(
    decision: Decision, steps: Mapping[str, PairReasons], parameters: TrackerParameters
) -> Iterator[TrackExplanation]:
    for row, track_id in enumerate(decision.first.track_id.tolist()):
        detection, reason = _continuation(steps, track_id)
        outcome, why = Outcome.CONTINUED, ""
        if detection is None:
            outcome, why = _without_detection(decision, track_id, bool(decision.confirmed[row]), parameters)
        yield TrackExplanation(
            track_id=track_id,
            confirmed=bool(decision.confirmed[row]),
            hits=int(decision.hits[row]),
            misses=int(decision.misses[row]),
            outcome=outcome,
            detection=detection,
            reason=f"{reason}; {why}" if why else reason,
        )


def _without_detection(
    decision: Decision, track_id: int, confirmed: bool, parameters: TrackerParameters
) -> tuple[Outcome, str]:
    """Return what became of a track that nobody continued, and why if that is not plain."""
    if track_id in decision.ended:
        if confirmed:
            return Outcome.ENDED, f"unseen for more than max_age_track {parameters.max_age_track} frames"
        return Outcome.ENDED, f"tentative, and missed more than {parameters.survived_misses} times in a row"
    living = decision.living
    row = int(np.flatnonzero(living.track_id == track_id)[0])
    outcome, why = Outcome.PREDICTED, []
    if living.lost[row]:
        outcome = Outcome.LOST
        why.append(_why_lost(int(living.empty_looks[row]), parameters))
    if not parameters.upstream and visible_part(living.box[row], living.frame_size) < parameters.least_visible:
        why.append(f"{NOT_REPORTED}: less than least_visible {parameters.least_visible:g} of it is in the frame")
    return outcome, "; ".join(why)


def _why_lost(empty_looks: int, parameters: TrackerParameters) -> str:
    if empty_looks >= parameters.empty_looks:
        return f"lost: empty_looks {parameters.empty_looks} second looks found nobody there"
    most = f"lost_uncertainty {parameters.lost_uncertainty:g} body heights"
    return f"lost: it may be more than {most} from where it is expected"


def _new_tracks(decision: Decision, steps: Mapping[str, PairReasons]) -> Iterator[TrackExplanation]:
    starting = [steps[name] for name in (_FIRST, _ROUND) if name in steps]
    columns = {
        index: (reasons, column)
        for reasons in starting
        for column, index in enumerate(reasons.step.detection_index.tolist())
    }
    new = zip(decision.new_track_id.tolist(), decision.new_detection_index.tolist(), strict=True)
    for track_id, detection in new:
        reasons, column = columns[detection]
        reason = reasons.why_free(column, tracks="track") or "no track was alive"
        yield TrackExplanation(track_id, False, 0, 0, Outcome.NEW, detection, reason)


def _continuation(steps: Mapping[str, PairReasons], track_id: int) -> tuple[int | None, str]:
    """Return the detection of a track and why, or None and why it has none."""
    said = []
    for name, reasons in steps.items():
        found = np.flatnonzero(reasons.step.track_id == track_id)
        if not len(found):
            continue
        row = int(found[0])
        column = next((column for other, column in reasons.matched if other == row), None)
        if column is not None:
            said.append(_CALLED[name] + reasons.why_matched(row, column))
            return int(reasons.step.detection_index[column]), "; ".join(said)
        missed = reasons.why_missed(row)
        if name == _FIRST:
            said.append(missed or "no detection in this frame")
        elif missed is not None:
            said.append(_CALLED[name] + missed)
    return None, "; ".join(said)


def _unused(
    decision: Decision, steps: Mapping[str, PairReasons], parameters: TrackerParameters
) -> Iterator[UnusedDetection]:
    """Yield the detections that neither continued nor started a track."""
    compared: set[int] = set(decision.first.detection_index.tolist())
    starts_none = dict(_why_starts_none(decision.doubtful, parameters))
    for reasons in (steps[name] for name in (_SECOND, _LOOK) if name in steps):
        taken = {column for _, column in reasons.matched}
        for column, detection in enumerate(reasons.step.detection_index.tolist()):
            compared.add(detection)
            if column not in taken:
                reason = reasons.why_free(column, tracks="left-over confirmed track")
                yield UnusedDetection(detection, f"{reason}; {starts_none.get(detection, _FOUND)}")
    for detection in sorted(set(range(decision.detections)) - compared):
        if detection in starts_none:
            why = f"{starts_none[detection]}; {_why_not_compared(decision, detection, parameters)}"
            yield UnusedDetection(detection, why)
        else:
            yield UnusedDetection(detection, "its pose, place or appearance is not a finite number")


def _why_starts_none(doubtful: DoubtfulDetections, parameters: TrackerParameters) -> Iterator[tuple[int, str]]:
    """Yield the detections that start no track, and why."""
    columns = doubtful.refused, doubtful.score, doubtful.presence, doubtful.low_score
    for detection, score, presence, low in zip(*(column.tolist() for column in columns), strict=True):
        evidence = f"score {score:.2f} + presence {presence:.2f}"
        why = "low score" if low else f"{evidence}, less than start_evidence {parameters.start_evidence:g}"
        yield detection, f"it starts no track: {why}"


def _why_not_compared(decision: Decision, detection: int, parameters: TrackerParameters) -> str:
    """Say why a detection that starts no track was not compared with those there are."""
    if parameters.upstream:
        return 'compat="upstream" leaves such detections out'
    if decision.shot:
        return "on the first frame of a shot such detections continue none"
    if detection in decision.doubtful.continuing:
        return "no confirmed track was left over for it"
    least = f"its score is at most doubtful_score {parameters.doubtful_score:g}, its presence below {SURE_PRESENCE:g}"
    return f"it continues none: {least}"
