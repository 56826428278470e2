"""One model in one format: ``python -m benchmarks.model_memory.batches FOLDER MODEL FORMAT ROWS...``.

Prints a JSON object a line: what the process holds above its libraries, MiB, first with the model loaded, then the most
during each batch. Batches grow, so that a process that is stopped has said everything up to the one that was too slow.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from benchmarks.model_memory.networks import Format, file_of, with_weights, without_weights
from export.graphs.inductor import load_package
from export.graphs.served_graph import Arrays, ServedGraph, run_module
from export.graphs.torchscript import load_torchscript

_STATUS = Path("/proc/self/status")
Run = Callable[[Arrays], object]


def main() -> None:
    """Load, run and print."""
    folder, model, kind = Path(sys.argv[1]), sys.argv[2], Format(sys.argv[3])
    torch.set_num_threads(1)
    shapes = without_weights(model)
    libraries = _mib("VmRSS")
    run = _loaded(folder, model, kind, shapes)
    _say("loaded", _mib("VmRSS") - libraries)
    for rows in map(int, sys.argv[4:]):
        inputs = shapes.sample(rows, np.random.default_rng(0))
        Path("/proc/self/clear_refs").write_text("5")  # the most that was held begins anew
        run(inputs)
        _say(rows, _mib("VmHWM") - libraries)


def _loaded(folder: Path, model: str, kind: Format, shapes: ServedGraph) -> Run:
    if kind is Format.EAGER:
        return with_weights(model, folder).run
    path = file_of(folder, model, kind)
    if kind in (Format.ONNX, Format.ONNX_HALF):
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return lambda inputs: session.run(None, inputs)
    module = load_torchscript(path) if kind is Format.TORCHSCRIPT else load_package(path)
    return lambda inputs: run_module(module, shapes, inputs)


def _mib(figure: str) -> float:
    """Return a figure of this process's memory: VmRSS is held now, VmHWM the most since it began anew."""
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(f"{figure}:"))
    return int(line.split()[1]) / 1024


def _say(what: object, mib: float) -> None:
    print(json.dumps({"what": str(what), "mib": mib}), flush=True)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # some libraries crash when they are taken down
