"""`python -m export verify-full`: the HMR family at its real size with random weights, from checkpoint to graph."""

import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from export.body.stand_in import stand_in_body
from export.graphs.choices import Precision
from tracker_service.inference.model_repository import default_repository


def verify_full(
    family: Annotated[
        list[str] | None, typer.Option(help="only these of hmr2, tokenhmr, camerahmr and vfov; default all")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="where the 10 GB of temporary files go")] = None,
    precision: Annotated[list[Precision] | None, typer.Option(help="only these; default fp32 and fp16")] = None,
    batch: Annotated[list[int] | None, typer.Option(help="rows of each run; default 1, 3 and 16")] = None,
) -> None:
    """Write full-size random checkpoints, load them strictly, export them, and compare the graphs with PyTorch."""
    from export.graphs.parity import table
    from export.graphs.verification import BATCHES
    from export.hmr_family.detection import Family
    from export.hmr_family.full_size import verify_full_size
    from export.vfov.full_size import NAME as VFOV
    from export.vfov.full_size import verify_full_vfov

    body = stand_in_body(default_repository() / "hmr_lite" / "body_model.npz")
    started, passed = time.monotonic(), True

    def say(line: str) -> None:
        print(f"{line}, {time.monotonic() - started:.0f} s", flush=True)

    batches, kinds = batch or BATCHES, precision or list(Precision)
    for name in family or [*Family, VFOV]:
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            place = Path(temporary)
            checks = (
                [verify_full_vfov(place, batches)]
                if name == VFOV
                else verify_full_size(Family(name), body, place, kinds, batches, say=say)
            )
            for rows in checks:
                say(table(rows))
                passed &= all(row.passed for row in rows)
    if not passed:
        raise typer.Exit(1)
