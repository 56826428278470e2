"""What the second pass over low-score people brings: without it, and with it at several highest costs of a match."""

from pathlib import Path
from typing import Any

from benchmarks.association.features import load_features
from benchmarks.association.footage import SCORE_GATES, Variant, lite_parameters, variant_scores
from tracker_service.evaluation.mot import read_mot

COSTS = (None, 10.0, 30.0)
"""Highest cost of a match of a low-score person (`second_pass_cost`); None is no second pass."""


def second_pass_table(features_path: Path, truth_path: Path) -> list[dict[str, Any]]:
    """Return a row for every score gate and cost."""
    features, truth = load_features(features_path), read_mot(truth_path)
    return [
        {"score_gate": gate, "second_pass": name, **variant_scores(variant, features, gate, truth)}
        for gate in SCORE_GATES
        for name, variant in (_variant(cost) for cost in COSTS)
    ]


def _variant(cost: float | None) -> tuple[str, Variant]:
    if cost is None:
        return "off", Variant("off", lite_parameters())
    return f"cost up to {cost:g}", Variant("on", lite_parameters(second_pass_cost=cost), second_pass=True)
