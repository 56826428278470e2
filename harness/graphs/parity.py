"""How far ONNX Runtime is from PyTorch, output by output."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from export.graphs.served_graph import Arrays, ServedGraph
from harness.tables import Rows
from tracker_service.inference.verification.measures import Measure


def parity_rows(graph: ServedGraph, session: Any, batches: tuple[int, ...]) -> Rows:
    """Return how far ONNX Runtime is from PyTorch, by output: mean and maximum in the output's unit."""
    differences = {}
    for batch in batches:
        inputs = graph.sample(batch, np.random.default_rng(batch))
        differences[batch] = _distances(graph.measures, graph.run(inputs), session.run(None, inputs))
    return [
        {"output": name, "unit": measure.unit, **{f"batch {batch}": differences[batch][name] for batch in batches}}
        for name, measure in graph.measures.items()
    ]


def _distances(measures: Mapping[str, Measure], expected: Arrays, got: list[Any]) -> Mapping[str, float]:
    pairs = zip(measures.items(), got, strict=True)
    return {name: measure.deviation(expected[name], array)[1] for (name, measure), array in pairs}
