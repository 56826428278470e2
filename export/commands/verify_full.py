"""`python -m export verify-full`: HMR2 at its real size with random weights, from checkpoint file to checked graph."""

import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from export.body.stand_in import stand_in_body
from export.graphs.choices import Format, Precision
from tracker_service.inference.model_repository import default_repository


def verify_full(
    folder: Annotated[Path | None, typer.Option(help="where the 10 GB of temporary files go")] = None,
    precision: Annotated[list[Precision] | None, typer.Option(help="only these; default fp32 and fp16")] = None,
    batch: Annotated[list[int] | None, typer.Option(help="rows of each run; default 1, 3 and 16")] = None,
) -> None:
    """Write a full-size random checkpoint, load it strictly, export it, and compare the graphs with PyTorch."""
    from export.graphs.model_version import write_version
    from export.graphs.parity import compare, references, table
    from export.graphs.verification import BATCHES
    from export.hmr2.checkpoint import load_hmr2
    from export.hmr2.graph import served
    from export.hmr2.random_checkpoint import write_random_checkpoint

    body = stand_in_body(default_repository() / "hmr_lite" / "body_model.npz")
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        started = time.monotonic()
        checkpoint = write_random_checkpoint(Path(temporary) / "hmr2.ckpt")
        print(f"checkpoint: {checkpoint.stat().st_size:,} bytes, {time.monotonic() - started:.0f} s")
        expected = references(served(load_hmr2(checkpoint, body)), batch or BATCHES, seed=1)
        print(f"PyTorch FP32 outputs: {time.monotonic() - started:.0f} s")
        passed = True
        for kind in precision or list(Precision):
            repository = Path(temporary) / str(kind)
            graph = served(load_hmr2(checkpoint, body))
            write_version(graph, repository, Format.ONNX, kind)
            path = repository / graph.name / "1" / "model.onnx"
            sizes = ", ".join(f"{file.name} {file.stat().st_size:,} B" for file in sorted(path.parent.iterdir()))
            print(f"{kind}: exported, {time.monotonic() - started:.0f} s; {sizes}")
            rows = compare(graph, path, kind, expected)
            print(f"{table(rows)}\n{time.monotonic() - started:.0f} s")
            passed &= all(row.passed for row in rows)
    if not passed:
        raise typer.Exit(1)
