"""Writes the golden batch of an exported model into its version folder."""

from collections.abc import Mapping
from pathlib import Path

from export.files import written_whole
from tracker_service.inference.client import Tensor
from tracker_service.inference.verification.golden import FILE, GoldenBatch, thinned
from tracker_service.inference.verification.measures import Measure


def write_golden(
    folder: Path,
    inputs: Mapping[str, Tensor],
    outputs: Mapping[str, Tensor],
    measures: Mapping[str, Measure],
    precisions: Mapping[str, str],
) -> None:
    """Write the golden batch.

    Args:
        folder: ``<repository>/<model>/<version>``, or the draft of it.
        inputs: by name, (n, ...).
        outputs: what the reference gives for them, by name.
        measures: by output, how far an answer may be away.
        precisions: of the weights, by the name of the model's file.
    """
    kept = {name: thinned(value) for name, value in outputs.items()}
    with written_whole(folder / FILE) as file:
        GoldenBatch(inputs, kept, measures, precisions).write(file)
