"""Do the limits of golden batches tell right graphs from broken ones? ``python -m benchmarks.verification [--json F]``.

A reduced HMR2 with random weights, the freely licensed body, and one channel of large activations, as trained
transformers have them, is exported in FP32 and FP16 with its golden batch. Then its graphs are broken on purpose and
compared with the golden batch as the service does it.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export.graphs.choices import Format, Precision
from export.graphs.limits import LIMITS
from export.graphs.model_version import write_version
from export.graphs.parity import ONNX_FILE
from export.hmr2.graph import NAME
from export.hmr2.sizes import Hmr2Sizes
from harness.graphs.reduced_hmr2 import reduced_hmr2
from harness.tables import Report, add_json_option
from harness.triton.broken_graphs import BROKEN_HMR
from tracker_service.body.model import BodyModel
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.verification.check import SURFACE, ModelCheck, Surface, check_model, read_golden

SIZES = Hmr2Sizes(256, 4, 4, 128, 2, 4, 32, 128)
_SHOWN = ("vertices", "joints_3d", SURFACE, "pred_cam")


def checks(folder: Path, precision: Precision) -> Iterator[tuple[str, ModelCheck]]:
    """Export the network and yield how it and its broken graphs compare with the golden batch, by what was done."""
    body = folder / "body_model.npz"
    write_version(reduced_hmr2(SIZES, body), folder, Format.ONNX, precision)
    surface = BodyModel.load(body).vertices_of
    version = folder / NAME / "1"
    right = onnx.load(version / ONNX_FILE)
    yield "right", _check(folder, surface)
    for name, breaking in BROKEN_HMR.items():
        onnx.save(breaking(right), version / ONNX_FILE)
        yield name, _check(folder, surface)


def _check(repository: Path, surface: Surface) -> ModelCheck:
    golden = read_golden(repository, NAME, "1")
    if golden is None:
        raise SystemExit(f"{repository}: expected a golden batch, got none")
    client = EmbeddedClient(repository)
    try:
        return check_model(client, NAME, golden, ONNX_FILE, surface)
    finally:
        client.close()


def _row(precision: Precision, name: str, check: ModelCheck) -> dict[str, Any]:
    outputs = {output.output: output for output in check.outputs}
    shown = [outputs[key] for key in _SHOWN if key in outputs]
    figures = {output.output: f"{output.mean:.2g} / {output.maximum:.2g}" for output in shown}
    verdict = "passes" if check.passed else f"refused: {max(outputs.values(), key=lambda output: output.ratio).output}"
    return {"graph": f"{precision.upper()}, {name}", **figures, "verdict": verdict}


def _limit_rows() -> list[dict[str, Any]]:
    rows: dict[tuple[Any, ...], list[str]] = {}
    for model, measures in LIMITS.items():
        for output, measure in measures.items():
            limits = (output, measure.unit, measure.fp32, measure.fp16)
            rows.setdefault(limits, []).append(model)
    return [
        {
            "output": output,
            "models": ", ".join(models),
            "unit": unit,
            "fp32": f"{fp32.mean:g} / {fp32.maximum:g}",
            "fp16": f"{fp16.mean:g} / {fp16.maximum:g}",
        }
        for (output, unit, fp32, fp16), models in rows.items()
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; exit status 1 if a broken graph passes or a right one does not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_json_option(parser)
    options = parser.parse_args(arguments)
    rows, told = [], True
    for precision in Precision:
        with tempfile.TemporaryDirectory() as folder, np.errstate(invalid="ignore"):
            for name, check in checks(Path(folder), precision):
                rows.append(_row(precision, name, check))
                told &= check.passed == (name == "right")
    report = Report("benchmarks.verification", options.json)
    columns = {
        "graph": "graph",
        "vertices": "vertices, mm",
        "joints_3d": "joints, mm",
        SURFACE: "vertices of the pose, mm",
    }
    columns |= {"pred_cam": "camera", "verdict": "verdict"}
    report.add("broken", "Right and broken graphs of a reduced HMR2: mean / largest error", columns, rows)
    columns = {"output": "output", "models": "models", "unit": "unit", "fp32": "FP32", "fp16": "FP16"}
    report.add("limits", "Limits: mean / largest error", columns, _limit_rows())
    return 0 if told else 1


if __name__ == "__main__":
    raise SystemExit(main())
