"""Why a person got an identity in a frame: a tracker's decision with every candidate pair, its cost and the reasons."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

import numpy as np

from tracker_service.errors import SettingsError
from tracker_service.phalp.cost import CostFactors, CostTerms, cost_factors
from tracker_service.phalp.state.decision import AssociationStep, Decision
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Float64


class Outcome(StrEnum):
    """What became of a track in a frame."""

    CONTINUED = "continued"
    NEW = "new"
    PREDICTED = "predicted"
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
        factors: what each term contributes; the cost is their product unless ``distance_type`` is a single term.
        cost: what the assignment was made on; infinite where the pair cannot match.
        threshold: highest cost of a match.
        matched: whether the track continued with this detection.
    """

    track_id: int
    detection: int
    association: str
    terms: dict[str, float]
    factors: dict[str, float]
    cost: float
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
        outcome: continued, new, predicted or ended.
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
    """A low-score detection, or a person found by looking again, that continued no track.

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
        unused: low-score detections, and people found by looking again, that continued no track.
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
    steps = {"first": decision.first, "second": decision.second, "look": decision.look, "round": decision.round}
    pairs = [
        pair
        for name, step in steps.items()
        if step is not None
        for pair in _pairs(step, name, parameters, shot=decision.shot)
    ]
    return FrameExplanation(
        frame_number=decision.frame_number,
        shot=decision.shot,
        pairs=tuple(pairs),
        tracks=(*_old_tracks(decision, parameters), *_new_tracks(decision)),
        unused=tuple(
            unused for step in (decision.second, decision.look) if step is not None for unused in _unused(step)
        ),
    )


def _pairs(
    step: AssociationStep, association: str, parameters: TrackerParameters, *, shot: bool
) -> Iterator[PairExplanation]:
    if step.terms is None:
        return
    factors = cost_factors(step.terms, parameters, shot=shot)
    matched = _matched(step)
    for row, track_id in enumerate(step.track_id.tolist()):
        for column, detection in enumerate(step.detection_index.tolist()):
            yield PairExplanation(
                track_id=track_id,
                detection=detection,
                association=association,
                terms=_terms(step.terms, row, column),
                factors=_factors(factors, row, column),
                cost=float(step.association.cost[row, column]),
                threshold=step.threshold,
                matched=(row, column) in matched,
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


def _old_tracks(decision: Decision, parameters: TrackerParameters) -> Iterator[TrackExplanation]:
    ended = set(decision.ended.tolist())
    for row, track_id in enumerate(decision.first.track_id.tolist()):
        detection, reason = _continuation(decision, track_id, row)
        outcome = Outcome.PREDICTED if detection is None else Outcome.CONTINUED
        if track_id in ended:
            outcome = Outcome.ENDED
            reason += f"; {_why_ended(bool(decision.confirmed[row]), parameters)}"
        yield TrackExplanation(
            track_id=track_id,
            confirmed=bool(decision.confirmed[row]),
            hits=int(decision.hits[row]),
            misses=int(decision.misses[row]),
            outcome=outcome,
            detection=detection,
            reason=reason,
        )


def _new_tracks(decision: Decision) -> Iterator[TrackExplanation]:
    steps = [step for step in (decision.first, decision.round) if step is not None]
    columns = {index: (step, column) for step in steps for column, index in enumerate(step.detection_index.tolist())}
    new = zip(decision.new_track_id.tolist(), decision.new_detection_index.tolist(), strict=True)
    for track_id, detection in new:
        reason = _why_free(*columns[detection], tracks="track") or "no track was alive"
        yield TrackExplanation(track_id, False, 0, 0, Outcome.NEW, detection, reason)


def _unused(step: AssociationStep) -> Iterator[UnusedDetection]:
    taken = {column for _, column in _matched(step)}
    for column, detection in enumerate(step.detection_index.tolist()):
        if column not in taken:
            reason = _why_free(step, column, tracks="left-over confirmed track")
            yield UnusedDetection(detection, f"{reason}; it may only continue a track")


def _continuation(decision: Decision, track_id: int, row: int) -> tuple[int | None, str]:
    """Return the detection of a track and why, or None and why it has none."""
    column = _matched_column(decision.first, row)
    if column is not None:
        return int(decision.first.detection_index[column]), _why_matched(decision.first, row, column)
    reason = _why_missed(decision.first, row) or "no detection in this frame"
    for step, kind in _later(decision):
        if track_id not in step.track_id:
            continue
        row = int(np.flatnonzero(step.track_id == track_id)[0])
        column = _matched_column(step, row)
        if column is not None:
            return int(step.detection_index[column]), f"{reason}; {kind} {_why_matched(step, row, column)}"
        reason = f"{reason}; among {kind} detections {_why_missed(step, row)}"
    return None, reason


def _later(decision: Decision) -> Iterator[tuple[AssociationStep, str]]:
    """Yield the assignments after the first, with what their detections are called."""
    if decision.second is not None:
        yield decision.second, "low-score"
    if decision.look is not None:
        yield decision.look, "second-look"
    if decision.round is not None:
        yield decision.round, "look-round"


def _why_matched(step: AssociationStep, row: int, column: int) -> str:
    detection, cost = step.detection_index[column], float(step.association.cost[row, column])
    if not 0 <= cost <= step.threshold:
        return f"detection {detection} has the same given identity"
    return f"detection {detection} costs {cost:.4g}, at most {step.threshold:g}"


def _why_missed(step: AssociationStep, row: int) -> str | None:
    """Say why a track has no detection, None where there was none."""
    costs = step.association.cost[row]
    if not len(costs):
        return None
    best = int(np.argmin(costs))
    found = f"cheapest detection, {step.detection_index[best]}, costs {costs[best]:.4g}"
    if not np.isfinite(costs[best]):
        return "no detection can continue it"
    if costs[best] > step.threshold:
        return f"its {found}, above {step.threshold:g}"
    winner = next((other for other, column in _matched(step) if column == best), None)
    if winner is None:
        return f"its {found}, but given identities decide"
    return f"its {found}, but went to track {step.track_id[winner]} for {_price(step, winner, best)}"


def _why_free(step: AssociationStep, column: int, *, tracks: str) -> str | None:
    """Say why a detection continued no track, None where there was none."""
    costs = step.association.cost[:, column]
    if not len(costs):
        return None
    best = int(np.argmin(costs))
    found = f"its cheapest {tracks}, {step.track_id[best]}, costs {costs[best]:.4g}"
    if not np.isfinite(costs[best]):
        return f"no {tracks} can continue with it"
    if costs[best] > step.threshold:
        return f"{found}, above {step.threshold:g}"
    taken = _matched_column(step, best)
    if taken is None:
        return f"{found}, but given identities decide"
    return f"{found}, but continued with detection {step.detection_index[taken]} for {_price(step, best, taken)}"


def _price(step: AssociationStep, row: int, column: int) -> str:
    cost: Float64 = step.association.cost
    return f"{cost[row, column]:.4g}: the assignment of least total cost"


def _why_ended(confirmed: bool, parameters: TrackerParameters) -> str:
    if confirmed:
        return f"unseen for more than max_age_track {parameters.max_age_track} frames"
    return f"tentative, and missed more than {parameters.survived_misses} times in a row"


def _matched(step: AssociationStep) -> set[tuple[int, int]]:
    return {(row, column) for row, column in step.association.matches.tolist()}


def _matched_column(step: AssociationStep, row: int) -> int | None:
    matches = step.association.matches
    found = matches[matches[:, 0] == row, 1]
    return int(found[0]) if len(found) else None
