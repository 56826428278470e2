"""`python -m export verify`: exported files or a running server against PyTorch in FP32, in millimetres and degrees."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from export.body.build import FOLDER as HMR2_FOLDER
from export.commands.options import Checkpoint, Repository, Tokenizer, Weights, settings_with
from export.families import ALL_NAMES, command_for, graph_of
from export.files import written_whole
from export.settings import ExportSettings
from export.weights.published import HMR2_CHECKPOINT, locate
from tracker_service.errors import ExportError

if TYPE_CHECKING:
    from export.graphs.parity import Comparison
    from export.graphs.served_graph import ServedGraph


def verify(
    model: Annotated[
        str | None, typer.Argument(help=f"one of {', '.join(ALL_NAMES)}; all that are there if left out")
    ] = None,
    weights: Weights = None,
    repository: Repository = None,
    checkpoint: Checkpoint = None,
    tokenizer: Tokenizer = None,
    detector: Annotated[str | None, typer.Option(help="what `detector --model` was given, if anything")] = None,
    server: Annotated[
        str | None,
        typer.Option(help="HOST:PORT of a Triton: compare what it serves with the golden batches of the repository"),
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="sample batches of each size; more find rarer deviations")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the table to this file, too")] = None,
) -> None:
    """Compare every exported file with the PyTorch model at batch 1, 3 and 16; exit status 1 if one is too far.

    With --server, compare the models of a running server instead; neither weights nor PyTorch are needed.
    """
    if server is not None:
        _verify_server(server, model, settings_with(weights, repository).repository, json_file)
        return
    from export.graphs.parity import table
    from export.graphs.verification import verify_folder

    settings = settings_with(weights, repository, checkpoint=checkpoint, tokenizer=tokenizer, detector=detector)
    names = _exported(model, settings.repository)
    rows: list[Comparison] = []
    for name in names:
        graph = graph_of(name, settings)
        found = verify_folder(graph, settings.repository / name / "1", runs)
        found += _upstream(name, graph, settings)
        print(f"{name}\n{table(found)}" if found else f"{name}: nothing exported yet")
        rows += found
    _keep([asdict(row) | {"passed": row.passed} for row in rows], json_file)
    if not rows or not all(row.passed for row in rows):
        raise typer.Exit(1)


def _verify_server(server: str, model: str | None, repository: Path, json_file: Path | None) -> None:
    from export.graphs.server_verification import models_with_golden, server_rows, server_table, verify_server

    names = [model] if model else models_with_golden(repository)
    if not names:
        raise ExportError(f"verify: expected models with a golden batch in {repository}, got none")
    checks = verify_server(server, repository, names)
    print(server_table(checks))
    _keep(server_rows(checks), json_file)
    if not all(check.compared and check.passed for check in checks):
        raise typer.Exit(1)


def _keep(rows: list[dict[str, Any]], json_file: Path | None) -> None:
    if json_file is not None:
        with written_whole(json_file) as file:
            file.write(json.dumps(rows, indent=1).encode())


def _exported(model: str | None, repository: Path) -> list[str]:
    """Return the models to compare; raises `ExportError` where none of them has been exported."""
    if model is not None and model not in ALL_NAMES:
        raise ExportError(f"model: expected one of {', '.join(ALL_NAMES)}, got {model!r}")
    names = [name for name in ([model] if model else ALL_NAMES) if (repository / name / "1").is_dir()]
    if not names:
        raise ExportError(
            f"verify: expected {model or 'an exported model'} in {repository}, got none; export it first: "
            f"python -m export {command_for(model or 'full')} (docs/models.md)"
        )
    return names


def _upstream(name: str, graph: "ServedGraph", settings: ExportSettings) -> "tuple[Comparison, ...]":
    """Return the comparison with the authors' own modules, where they are installed."""
    if name != HMR2_FOLDER:
        return ()
    from export.graphs.parity import references
    from export.hmr2.upstream import compare_with_upstream, installed

    if not installed():
        print("the authors' package is not installed (extra upstream): not compared with it")
        return ()
    checkpoint = graph.sources[0] if graph.sources else settings.checkpoint or locate(HMR2_CHECKPOINT, settings.weights)
    return compare_with_upstream(graph, checkpoint, references(graph, (1, 3)))
