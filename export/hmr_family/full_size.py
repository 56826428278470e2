"""A network of the family at its real size with random weights, from checkpoint file to checked graph."""

import gc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from export.body.body_model import BodyModel
from export.graphs.choices import Format, Precision
from export.graphs.model_version import write_version
from export.graphs.parity import Comparison, compare, references
from export.graphs.served_graph import ServedGraph
from export.hmr_family.detection import Family
from export.hmr_family.loading import load
from export.hmr_family.random_checkpoint import write_random_family
from export.tokenhmr.sizes import PUBLISHED, TokenSizes


def verify_full_size(
    family: Family,
    body: BodyModel,
    folder: Path,
    precisions: Sequence[Precision],
    batches: Sequence[int],
    sizes: TokenSizes = PUBLISHED,
    say: Callable[[str], None] = print,
) -> Iterator[tuple[Comparison, ...]]:
    """Write a random checkpoint, load it strictly, export it in each precision, and compare the graphs with PyTorch.

    Args:
        family: which network.
        body: stands in for SMPL.
        folder: of temporary files, 10 GB; the graph of a precision is left in ``<folder>/<precision>``.
        precisions: of the exported graphs.
        batches: rows of each run.
        sizes: of network and tokenizer.
        say: takes a line of progress.

    Yields:
        The comparisons of each precision.
    """
    body_file = folder / "body_model.npz"
    body.write(body_file)
    checkpoint = write_random_family(folder / "weights", family, sizes)
    tokenizer = checkpoint.parent / "tokenizer.pth"
    say(f"{family}: checkpoint of {checkpoint.stat().st_size:,} bytes")

    def network() -> ServedGraph:
        return load(checkpoint, body_file, tokenizer, sizes.network)

    expected = references(network(), batches, seed=1)
    say(f"{family}: PyTorch FP32 outputs")
    for precision in precisions:
        gc.collect()
        graph, repository = network(), folder / str(precision)
        write_version(graph, repository, Format.ONNX, precision)
        path = repository / graph.name / "1" / "model.onnx"
        parts = ", ".join(f"{file.name} {file.stat().st_size:,} B" for file in sorted(path.parent.iterdir()))
        say(f"{family}, {precision}: exported; {parts}")
        yield compare(graph, path, precision, expected)
