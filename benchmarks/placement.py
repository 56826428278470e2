"""Nodes that a GPU would not run: ``python -m benchmarks.placement FOLDER ... [--before FOLDER ...] [--json FILE]``.

A folder is searched for exported graphs (``MODEL/1/model.onnx``). Nothing runs. ``python -m export placement`` checks
one repository, this command puts several into a table for docs/results.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import onnx

from export.graphs.placement import read_nodes, releases, unplaced
from harness.tables import Report, Rows, add_json_option

_COLUMNS = {"model": "model", "weights": "weights", "opset": "operator set", "nodes": "nodes"}
_ROUNDED = onnx.TensorProto.FLOAT16


def main(arguments: Sequence[str] | None = None) -> None:
    """Search the folders and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--before", nargs="+", type=Path, default=[], metavar="FOLDER", help="graphs of an earlier state"
    )
    add_json_option(parser)
    options = parser.parse_args(arguments)
    report = Report("benchmarks.placement", options.json, arguments)
    report.add("now", "Nodes without a CUDA kernel", _headings(), rows_of(options.folders))
    if options.before:
        columns = {**_COLUMNS, "kinds": f"on the CPU, ONNX Runtime {releases()[0]}"}
        report.add("before", "The graphs before", columns, rows_of(options.before))


def rows_of(folders: Sequence[Path]) -> Rows:
    """Return a row for each graph below the folders, by name; each kind of graph once."""
    rows = {(row["model"], row["weights"]): row for folder in folders for row in _rows(folder)}
    return [rows[key] for key in sorted(rows)]


def _headings() -> dict[str, str]:
    return _COLUMNS | {release: f"on the CPU, ONNX Runtime {release}" for release in releases()}


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for path in folder.rglob("*/1/model.onnx"):
        model = read_nodes(path)
        left = {release: unplaced(model, release) for release in releases()}
        rounded = any(tensor.data_type == _ROUNDED for tensor in model.graph.initializer)
        yield {
            "model": path.parents[1].name,
            "weights": "FP16" if rounded else "FP32",
            "opset": max(entry.version for entry in model.opset_import if not entry.domain),
            "nodes": len(model.graph.node),
            "kinds": dict(Counter(node.operator for node in left[releases()[0]])),
            **{release: len(nodes) for release, nodes in left.items()},
        }


if __name__ == "__main__":
    main()
