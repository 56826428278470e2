"""FLNet at its real size with random weights, from checkpoint file to checked graph."""

from collections.abc import Sequence
from pathlib import Path

from export.graphs.model_version import write_version
from export.graphs.parity import ONNX_FILE, Comparison, compare, references
from export.vfov.graph import NAME, load
from export.vfov.hrnet import W48, HrnetSizes
from export.vfov.random_checkpoint import write_random_vfov

__all__ = ["NAME", "verify_full_vfov"]


def verify_full_vfov(folder: Path, batches: Sequence[int], sizes: HrnetSizes = W48) -> tuple[Comparison, ...]:
    """Write a random checkpoint, load it strictly, export it, and compare the graph with PyTorch.

    Args:
        folder: of temporary files, 600 MB.
        batches: rows of each run.
        sizes: widths and depths.
    """
    graph = load(write_random_vfov(folder / "cam_model.ckpt", sizes), sizes)
    expected = references(graph, batches, seed=1)
    write_version(graph, folder)
    return compare(graph, folder / NAME / "1" / ONNX_FILE, "fp32", expected)
