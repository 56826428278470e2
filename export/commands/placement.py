"""`python -m export placement`: which nodes of the graphs in the repository a GPU would not run."""

from pathlib import Path
from typing import Annotated

import typer

from export.commands.options import Repository, settings_with
from export.graphs.placement import read_nodes, releases, unplaced
from tracker_service.errors import ExportError

_FILE = "model.onnx"


def placement(
    model: Annotated[str | None, typer.Argument(help="one model; all that are there if left out")] = None,
    repository: Repository = None,
) -> None:
    """Show how many nodes of each graph ONNX Runtime's CUDA provider has a kernel for; exit status 1 if not all."""
    folder = settings_with(None, repository).repository
    paths = sorted(folder.glob(f"{model or '*'}/1/{_FILE}"))
    if not paths:
        raise ExportError(f"placement: expected {model or 'a model'} in {folder}, got none")
    known = "".join(f"{'on CPU, ' + release:>14}" for release in releases())
    print(f"{'model':<20}{'opset':>6}{'nodes':>7}{known}")
    left = [node for path in paths for node in _shown(path)]
    for node in left:
        print(node)
    if left:
        raise typer.Exit(1)


def _shown(path: Path) -> list[str]:
    """Print the line of a graph; return one for each of its nodes that has no kernel."""
    graph = read_nodes(path)
    missing = {release: unplaced(graph, release) for release in releases()}
    name, opset = path.parents[1].name, max(entry.version for entry in graph.opset_import if not entry.domain)
    counts = "".join(f"{len(nodes):>14}" for nodes in missing.values())
    print(f"{name:<20}{opset:>6}{len(graph.graph.node):>7}{counts}")
    return [f"{name}, {release}: {node}" for release, nodes in missing.items() for node in nodes]
