"""Why a track and a detection match or not: by their cost, or by a rule that decides whatever the terms say."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker_service.phalp.cost import CostFactors, combine, cost_factors
from tracker_service.phalp.expectation.plausibility import LEAST_OVERLAP
from tracker_service.phalp.state.decision import AssociationStep
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Float64

_PAIRS_NAMED = 3
_BARRED = {
    "cost": "the cost of track {track} and detection {detection} is beyond any number",
    "place": "the cost of track {track} and detection {detection} is beyond any number",
    "overlap": "detection {detection} overlaps the box expected of track {track} by {overlap:.2f}, less than {least:g}",
    "another_track": "detection {detection} was found where another track than {track} was looked for",
    "other_identity": "track {track} and detection {detection} have different given identities",
    "undefined": "track {track} and detection {detection} cannot be compared: a term is not a number",
}


class PairRule(StrEnum):
    """What decides whether a track and a detection may match.

    Attributes:
        COST: the cost of all terms.
        PLACE: the cost of location and depth: the body is not believed.
        OVERLAP: they never match: the detection overlaps too little with the box expected of the track.
        ANOTHER_TRACK: they never match: the detection was found where another track was looked for.
        SAME_IDENTITY: they always match: their given identities are the same.
        OTHER_IDENTITY: they never match: their given identities differ.
        UNDEFINED: they never match: a term is not a number.
    """

    COST = "cost"
    PLACE = "place"
    OVERLAP = "overlap"
    ANOTHER_TRACK = "another_track"
    SAME_IDENTITY = "same_identity"
    OTHER_IDENTITY = "other_identity"
    UNDEFINED = "undefined"

    @property
    def by_cost(self) -> bool:
        """Whether the pair matches if it costs little enough."""
        return self in (PairRule.COST, PairRule.PLACE)


class PairReasons:
    """Says of the pairs of one assignment why they match or not.

    Args:
        step: the assignment.
        parameters: of the tracker.
        shot: whether the frame is the first of a new shot.

    Attributes:
        step: the assignment.
        factors: what the terms contribute; None where there are no pairs.
        matched: pairs (row, column) that match.
    """

    def __init__(self, step: AssociationStep, parameters: TrackerParameters, *, shot: bool) -> None:
        self.step = step
        self.factors = None if step.terms is None else cost_factors(step.terms, parameters, shot=shot)
        self.matched = {(row, column) for row, column in step.association.matches.tolist()}
        self._rules = _rules(step, self.factors, parameters, shot=shot)
        self._cost = _decisive_cost(step, self._rules)

    def rule(self, row: int, column: int) -> PairRule:
        """Return what decides about a pair."""
        return PairRule(self._rules[row, column])

    def cost(self, row: int, column: int) -> float | None:
        """Return what the assignment was made on, None where a rule decided whatever the terms say."""
        return float(self._cost[row, column]) if self.rule(row, column).by_cost else None

    def overlap(self, row: int, column: int) -> float | None:
        """Return the IoU of the detection with the box expected of the track, None where it does not count."""
        overlap = self.step.limits.overlap
        return None if overlap is None else float(overlap[row, column])

    def why_matched(self, row: int, column: int) -> str:
        """Say why a track goes on with its detection."""
        detection = f"detection {self.step.detection_index[column]}"
        if self.rule(row, column) is PairRule.SAME_IDENTITY:
            return f"{detection} has the same given identity"
        return f"{detection} costs {self._price(row, column)}, at most {self.step.threshold:g}"

    def why_missed(self, row: int) -> str | None:
        """Say why a track has no detection, None where there was none."""
        costs, detections = self._cost[row], self.step.detection_index
        if not len(costs):
            return None
        best = int(np.argmin(costs))
        if np.isposinf(costs[best]):
            return self._barred([(row, column) for column in range(len(costs))])
        found = f"its cheapest detection, {detections[best]}, costs {self._price(row, best)}"
        if self.rule(row, best) is PairRule.SAME_IDENTITY:
            found = f"detection {detections[best]} has the same given identity"
        elif costs[best] > self.step.threshold:
            return f"{found}, above {self.step.threshold:g}"
        winner = next(other for other, column in self.matched if column == best)
        return f"{found}, but went to track {self.step.track_id[winner]}{self._decided(winner, best)}"

    def why_free(self, column: int, *, tracks: str) -> str | None:
        """Say why a detection continued no track, None where there was none; ``tracks`` is what they are called."""
        costs, ids = self._cost[:, column], self.step.track_id
        if not len(costs):
            return None
        best = int(np.argmin(costs))
        if np.isposinf(costs[best]):
            return self._barred([(row, column) for row in range(len(costs))])
        found = f"its cheapest {tracks}, {ids[best]}, costs {self._price(best, column)}"
        if self.rule(best, column) is PairRule.SAME_IDENTITY:
            found = f"{tracks} {ids[best]} has the same given identity"
        elif costs[best] > self.step.threshold:
            return f"{found}, above {self.step.threshold:g}"
        taken = next(other for row, other in self.matched if row == best)
        return f"{found}, but continued with detection {self.step.detection_index[taken]}{self._decided(best, taken)}"

    def _price(self, row: int, column: int) -> str:
        place = " by the place alone" if self.rule(row, column) is PairRule.PLACE else ""
        return f"{self._cost[row, column]:.4g}{place}"

    def _decided(self, row: int, column: int) -> str:
        """Say what decided for a pair that another one competed with."""
        if self.rule(row, column) is PairRule.SAME_IDENTITY:
            return ", by their given identities"
        return f" for {self._price(row, column)}: the assignment of least total cost"

    def _barred(self, pairs: Sequence[tuple[int, int]]) -> str:
        """Say why none of these pairs may match, of those that overlap most first."""
        overlap = self.step.limits.overlap
        if overlap is not None:
            pairs = sorted(pairs, key=lambda pair: -float(overlap[pair]))
        said = [
            _BARRED[self.rule(row, column)].format(
                track=self.step.track_id[row],
                detection=self.step.detection_index[column],
                overlap=self.overlap(row, column),
                least=LEAST_OVERLAP,
            )
            for row, column in pairs[:_PAIRS_NAMED]
        ]
        more = len(pairs) - len(said)
        return "; ".join([*said, f"and {more} more"] if more else said)


def _rules(
    step: AssociationStep, factors: CostFactors | None, parameters: TrackerParameters, *, shot: bool
) -> NDArray[Any]:
    """Return the (t, d) values of `PairRule` of all pairs."""
    cost = step.association.cost
    rules = np.full(cost.shape, PairRule.COST.value, object)
    if step.terms is None or factors is None:
        return rules
    by_terms = combine(step.terms, parameters, shot=shot)
    rules[cost != by_terms] = PairRule.PLACE
    with np.errstate(all="ignore"):
        product = factors.appearance * factors.pose * factors.location * factors.depth
    rules[np.isnan(cost) | (np.isinf(cost) & np.isnan(product))] = PairRule.UNDEFINED
    if step.limits.overlap is not None:
        rules[~(step.limits.overlap >= LEAST_OVERLAP)] = PairRule.OVERLAP
    if step.limits.looked_for is not None:
        rules[~step.limits.looked_for] = PairRule.ANOTHER_TRACK
    if step.limits.given_identities is not None:
        tracks, detections = step.limits.given_identities
        equal = tracks[:, None] == detections
        known = (tracks[:, None] >= 0) & (detections >= 0)
        decided = np.ones_like(equal) if parameters.upstream else known
        rules[decided & equal] = PairRule.SAME_IDENTITY
        rules[decided & ~equal] = PairRule.OTHER_IDENTITY
    return rules


def _decisive_cost(step: AssociationStep, rules: NDArray[Any]) -> Float64:
    """Return the (t, d) costs where these decide, plus infinity for never, minus infinity for always."""
    by_cost = (rules == PairRule.COST) | (rules == PairRule.PLACE)
    ruled = np.where(rules == PairRule.SAME_IDENTITY, -np.inf, np.inf)
    return np.asarray(np.where(by_cost, step.association.cost, ruled))
