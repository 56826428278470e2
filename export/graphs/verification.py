"""Checks what lies in a version folder against PyTorch in FP32."""

from collections.abc import Sequence
from pathlib import Path

from export.graphs.model_version import FILES, read_record
from export.graphs.parity import Comparison, compare, references
from export.graphs.served_graph import ServedGraph

BATCHES = (1, 3, 16)


def verify_folder(
    graph: ServedGraph, folder: Path, runs: int = 1, batches: Sequence[int] = BATCHES
) -> tuple[Comparison, ...]:
    """Return the comparisons of every exported file in a version folder with the graph's FP32 module.

    Args:
        graph: the model, built from the authors' files.
        folder: ``<repository>/<model>/<version>``.
        runs: sample batches of each size; more find rarer deviations.
        batches: rows of each run.
    """
    record = read_record(folder)
    present = [file for file in FILES.values() if (folder / file).is_file()]
    if not present:
        return ()
    expected = [reference for seed in range(runs) for reference in references(graph, batches, seed=1 + seed)]
    return tuple(row for file in present for row in compare(graph, folder / file, record[file]["precision"], expected))
