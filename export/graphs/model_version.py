"""Writes a graph into the model repository: checked first, whole or not at all, with a record of its making."""

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from export.errors import ParityError
from export.files import folder_written_whole, sha256_of
from export.graphs.choices import Format, Precision
from export.graphs.golden import write_golden
from export.graphs.inductor import write_package
from export.graphs.onnx_graph import write_onnx
from export.graphs.parity import (
    ONNX_FILE,
    PACKAGE_FILE,
    TORCHSCRIPT_FILE,
    Comparison,
    compare,
    references,
    table,
)
from export.graphs.placement import read_nodes, releases, unplaced
from export.graphs.served_graph import ServedGraph
from export.graphs.torchscript import write_torchscript
from tracker_service.errors import ExportError

RECORD = "export.json"
FILES = {Format.ONNX: ONNX_FILE, Format.TORCHSCRIPT: TORCHSCRIPT_FILE, Format.PT2: PACKAGE_FILE}
_WRITERS = {Format.ONNX: write_onnx, Format.TORCHSCRIPT: write_torchscript, Format.PT2: write_package}
PACKAGED = "{}_pt2"
"""Name of the model under which Triton serves a package: its tensors are counted there, so that an ensemble of the
model's own name gives them theirs."""
_PARITY_BATCHES = (1, 2)


def write_version(
    graph: ServedGraph,
    repository: Path,
    file_format: Format = Format.ONNX,
    precision: Precision = Precision.FP32,
    *,
    number: int = 1,
) -> tuple[Comparison, ...]:
    """Export a graph to ``<repository>/<name>/<number>/`` and return how it compares with PyTorch.

    The folder is replaced as a whole; files of other formats that are there stay. A package is also put where Triton
    looks for it, `PACKAGED`. Nothing changes if the export
    fails or the graph is further from PyTorch than its limits. With FP16 the graph's module is cast in place. Beside
    the graph lie the record of its making and a golden batch, with which it can be checked wherever it runs.

    Raises:
        ParityError: the exported graph is too far from the PyTorch model; the message holds the table.
        ExportError: the model is served in FP32 only, or cannot be exported.
    """
    if precision is Precision.FP16 and graph.lower is None:
        raise ExportError(f"{graph.name}: expected precision fp32 (this model is small and sensitive), got fp16")
    expected = references(graph, _PARITY_BATCHES)
    if precision is Precision.FP16 and graph.lower is not None:
        graph.lower(graph.module, torch.float16)
    folder = repository / graph.name / str(number)
    with folder_written_whole(folder) as draft:
        path = draft / FILES[file_format]
        written = _WRITERS[file_format](graph, path)
        rows = compare(graph, path, precision, expected)
        if not all(row.passed for row in rows):
            raise ParityError(f"{graph.name}: expected the limits to hold, got\n{table(rows)}")
        _keep_other_formats(folder, draft, FILES[file_format])
        record = read_record(folder) | {path.name: _record(graph, precision, written, draft, rows)}
        (draft / RECORD).write_text(json.dumps(record, indent=1) + "\n")
        golden, precisions = expected[-1], {file: facts["precision"] for file, facts in record.items()}
        write_golden(draft, golden.inputs, golden.outputs, graph.measures, precisions)
    if file_format is Format.PT2:
        with folder_written_whole(repository / PACKAGED.format(graph.name) / str(number)) as served:
            os.link(folder / PACKAGE_FILE, served / PACKAGE_FILE)
    return rows


def read_record(folder: Path) -> dict[str, Any]:
    """Return the record of a version folder, by file name; empty where there is none."""
    path = folder / RECORD
    if not path.is_file():
        return {}
    record: dict[str, Any] = json.loads(path.read_text())
    return record


def _keep_other_formats(folder: Path, draft: Path, file: str) -> None:
    for other in set(FILES.values()) - {file}:
        for path in (*folder.glob(other), *folder.glob(f"{other}.*")):
            os.link(path, draft / path.name)


def _record(
    graph: ServedGraph, precision: Precision, written: Iterable[str], draft: Path, rows: Iterable[Comparison]
) -> dict[str, Any]:
    onnx = ONNX_FILE in written
    operators = {"opset": graph.opset, "on_cpu": _on_cpu(draft / ONNX_FILE)} if onnx else {}
    return {
        "model": graph.name,
        "precision": str(precision),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "inputs": {spec.name: spec.shape for spec in graph.inputs},
        "outputs": list(graph.outputs),
        "sources": {path.name: sha256_of(path) for path in graph.sources},
        "files": {name: sha256_of(draft / name) for name in written},
        "versions": {name: version(name) for name in ("phalp-triton", "torch", "onnx", "onnxscript", "onnxruntime")},
        "python": platform.python_version(),
        **operators,
        "parity": [asdict(row) | {"passed": row.passed} for row in rows],
    }


def _on_cpu(path: Path) -> list[str]:
    """Return the nodes of an ONNX graph that a GPU would not run."""
    model = read_nodes(path)
    return [f"ONNX Runtime {release}: {node}" for release in releases() for node in unplaced(model, release)]
