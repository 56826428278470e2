"""Exported graph against PyTorch in FP32: tables of mean and largest error per output, with a verdict."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from export.graphs.inductor import load_package
from export.graphs.served_graph import Arrays, ServedGraph, run_module
from export.graphs.text_table import aligned
from export.graphs.torchscript import load_torchscript

ONNX_FILE, TORCHSCRIPT_FILE, PACKAGE_FILE = "model.onnx", "model.pt", "model.pt2"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One output of one exported file at one batch size.

    Attributes:
        file: name of the exported file.
        precision: of its weights.
        batch: rows of each run.
        output: name of the output.
        unit: of mean, maximum and the limits.
        mean, maximum: error over all runs.
        mean_limit, maximum_limit: what is accepted.
    """

    file: str
    precision: str
    batch: int
    output: str
    unit: str
    mean: float
    maximum: float
    mean_limit: float
    maximum_limit: float

    @property
    def passed(self) -> bool:
        """Whether both errors are finite and within their limits."""
        return bool(self.mean <= self.mean_limit and self.maximum <= self.maximum_limit)


class ExportedFile:
    """A graph in the repository, ready to run: on the CPU, a package where it was compiled for.

    Args:
        path: `model.onnx`, `model.pt` or `model.pt2`.
        graph: what it was exported from; gives the names of the outputs where the file has none.
        threads: threads of one run; 0 takes all cores.
    """

    def __init__(self, path: Path, graph: ServedGraph, threads: int = 2) -> None:
        self._graph = graph
        self._session: ort.InferenceSession | None = None
        if path.name == TORCHSCRIPT_FILE:
            self._module: Any = load_torchscript(path)
        elif path.name == PACKAGE_FILE:
            self._module = load_package(path)
        else:
            options = ort.SessionOptions()
            options.intra_op_num_threads = threads
            options.log_severity_level = 3
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(self, inputs: Arrays) -> Arrays:
        """Return the outputs by name."""
        if self._session is None:
            return run_module(self._module, self._graph, inputs)
        values = self._session.run(list(self._graph.outputs), inputs)
        return dict(zip(self._graph.outputs, values, strict=True))


@dataclass(frozen=True, slots=True)
class Reference:
    """Inputs and PyTorch's FP32 outputs for them; computed once, before the module is cast."""

    batch: int
    inputs: Arrays
    outputs: Arrays


def references(graph: ServedGraph, batches: Sequence[int] = (1, 3, 16), seed: int = 0) -> tuple[Reference, ...]:
    """Return sample inputs of each batch size with the module's own outputs."""
    generator = np.random.default_rng(seed)
    samples = [(batch, graph.sample(batch, generator)) for batch in batches]
    return tuple(Reference(batch, inputs, graph.run(inputs)) for batch, inputs in samples)


def compare(graph: ServedGraph, path: Path, precision: str, expected: Iterable[Reference]) -> tuple[Comparison, ...]:
    """Run an exported file on the references' inputs and measure every output."""
    exported = ExportedFile(path, graph)
    return tuple(
        row
        for reference in expected
        for row in _rows(graph, path.name, precision, reference, exported.run(reference.inputs))
    )


def compare_module(graph: ServedGraph, module: Any, name: str, expected: Iterable[Reference]) -> tuple[Comparison, ...]:
    """Measure another torch module, called ``name`` in the table, by the limits of FP32."""
    return tuple(
        row
        for reference in expected
        for row in _rows(graph, name, "fp32", reference, run_module(module, graph, reference.inputs))
    )


def _rows(graph: ServedGraph, file: str, precision: str, reference: Reference, got: Arrays) -> Iterator[Comparison]:
    for name, measure in graph.measures.items():
        limit = measure.limit(precision)
        mean, maximum = measure.deviation(reference.outputs[name], got[name])
        yield Comparison(
            file,
            precision,
            reference.batch,
            name,
            measure.unit,
            mean,
            maximum,
            limit.mean,
            limit.maximum,
        )


def table(rows: Iterable[Comparison]) -> str:
    """Return the comparisons as an aligned text table."""
    cells = [("file", "precision", "batch", "output", "mean", "max", "limits", "unit", "")]
    cells += [
        (
            row.file,
            row.precision,
            str(row.batch),
            row.output,
            f"{row.mean:.3g}",
            f"{row.maximum:.3g}",
            f"{row.mean_limit:g}/{row.maximum_limit:g}",
            row.unit,
            "ok" if row.passed else "FAIL",
        )
        for row in rows
    ]
    return aligned(cells)
