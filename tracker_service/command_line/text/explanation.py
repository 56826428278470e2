"""An explained frame as tables for the terminal and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import chain, groupby
from typing import Any

from rich.table import Table

from tracker_service.people.gates import Gate
from tracker_service.phalp.explain import FrameExplanation, PairExplanation
from tracker_service.phalp.pair_reasons import PairRule
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.types import Detections, FoundBy

_LOW_SCORES_SHOWN = 5
_LARGE = 1e4
_REACHED = {
    FoundBy.DETECTION.value: "passed",
    FoundBy.LOW_SCORE.value: "second association only",
    FoundBy.SECOND_LOOK.value: "second look",
}
"""What the tracker may do with the detections that reached it, by how they were found."""
_TEXT = ("reason", "before", "outcome", "gate", "match")
_RULES = {
    PairRule.COST: "",
    PairRule.PLACE: "by the place",
    PairRule.ANOTHER_TRACK: "found for another track",
    PairRule.SAME_IDENTITY: "same given identity",
    PairRule.OTHER_IDENTITY: "other given identity",
    PairRule.UNDEFINED: "not a number",
}
"""What decided about a pair."""


def as_record(observed: FrameObservation, found: Detections, explanation: FrameExplanation) -> dict[str, Any]:
    """Return everything as plain values: frame, shot, detections, pairs, tracks, unused.

    A detection has an index where it reached the tracker, else the gate that removed it. The cost of a pair is null
    where a rule decided instead, or where it is infinite.
    Whom a second look found, ``found``, come after the detections.
    """
    return {
        "frame": explanation.frame_number,
        "shot": explanation.shot,
        "detections": list(_detections(observed, found)),
        "pairs": [asdict(pair) for pair in explanation.pairs],
        "tracks": [asdict(track) for track in explanation.tracks],
        "unused": [asdict(unused) for unused in explanation.unused],
    }


def tables(observed: FrameObservation, found: Detections, explanation: FrameExplanation) -> Iterator[Table]:
    """Yield the tables of detections, tracks and candidate pairs."""
    shot = ", first of a new shot" if explanation.shot else ""
    yield _detection_table(f"Frame {explanation.frame_number}{shot}", list(_detections(observed, found)))
    yield _track_table(explanation)
    for association, pairs in groupby(explanation.pairs, key=lambda pair: pair.association):
        yield _pair_table(association.capitalize(), list(pairs))


def _detection_table(title: str, detections: Sequence[dict[str, Any]]) -> Table:
    table = _table(title, "detection", "box", "score", "gate")
    low = [found for found in detections if found["removed_by"] == Gate.LOW_SCORE.value]
    hidden = sorted(low, key=lambda found: -float(found["score"]))[_LOW_SCORES_SHOWN:]
    for found in detections:
        if found not in hidden:
            box = " ".join(f"{value:.0f}" for value in found["box"])
            gate = found["removed_by"] or _REACHED[found["found_by"]]
            table.add_row(_shown(found["index"]), box, f"{found['score']:.2f}", gate.replace("_", " "))
    if hidden:
        table.add_row("-", f"{len(hidden)} more", f"to {hidden[0]['score']:.2f}", "low score")
    return table


def _track_table(explanation: FrameExplanation) -> Table:
    table = _table("Tracks", "track", "before", "outcome", "reason")
    for track in explanation.tracks:
        state = "confirmed" if track.confirmed else "tentative"
        before = f"{state}, {track.hits} hits, {track.misses} missed" if track.hits else "-"
        outcome = track.outcome if track.detection is None else f"{track.outcome}: {track.detection}"
        table.add_row(str(track.track_id), before, outcome, track.reason)
    for unused in explanation.unused:
        table.add_row("-", "-", f"unused: {unused.detection}", unused.reason)
    return table


def _pair_table(association: str, pairs: Sequence[PairExplanation]) -> Table:
    factors = list(pairs[0].factors)
    title = f"{association}: cost = {' x '.join(factors)}, at most {pairs[0].threshold:g}"
    table = _table(title, "track", "det", *factors, "cost", "match")
    for pair in pairs:
        cost = "-" if pair.cost is None else _number(pair.cost)
        numbers = [*map(_number, pair.factors.values()), cost]
        table.add_row(str(pair.track_id), str(pair.detection), *numbers, _match(pair))
    return table


def _match(pair: PairExplanation) -> str:
    """Return whether a pair matches, and what decided unless it was the cost of all terms."""
    why = f"overlap {pair.overlap:.2f}" if pair.rule is PairRule.OVERLAP else _RULES[pair.rule]
    return f"{'yes' if pair.matched else 'no'}{why and ', '}{why}"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, justify="left" if column in _TEXT else "right")
    return table


def _number(value: float) -> str:
    return f"{value:.1e}" if value >= _LARGE else f"{value:.4g}"


def _shown(index: int | None) -> str:
    return "-" if index is None else str(index)


def _detections(observed: FrameObservation, found: Detections) -> Iterator[dict[str, Any]]:
    """Yield the detections that reached the tracker, by index, then those that the gates removed."""
    reached = [_plain(observed.people.detections, FoundBy.DETECTION)]
    if observed.low_score is not None:
        reached.append(_plain(observed.low_score.detections, FoundBy.LOW_SCORE))
    reached.append(_plain(found, FoundBy.SECOND_LOOK))
    for index, detection in enumerate(chain(*reached)):
        yield {"index": index, **detection, "removed_by": None}
    for gate, removed in observed.removed:
        for detection in _plain(removed, FoundBy.DETECTION):
            yield {"index": None, **detection, "removed_by": gate.value}


def _plain(detections: Detections, found_by: FoundBy) -> Iterator[dict[str, Any]]:
    low_score = found_by is FoundBy.LOW_SCORE
    for box, score in zip(detections.boxes.tolist(), detections.scores.tolist(), strict=True):
        yield {"box": box, "score": score, "low_score": low_score, "found_by": found_by.value}
