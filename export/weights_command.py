"""`python -m export weights`: what is needed, what is there, and getting the rest."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from export.placing import fetch, place
from export.settings import ExportSettings
from export.weights import FILES, Status, WeightFile, how_to_get, status
from tracker_service.errors import ExportError


def weights(
    folder: Annotated[Path | None, typer.Option(help="weights folder; default from the settings")] = None,
    source: Annotated[Path | None, typer.Option("--from", help="take hand-placed files from this folder")] = None,
    download: Annotated[
        bool, typer.Option("--download", help="download what is missing and may be downloaded")
    ] = False,
    verify: Annotated[bool, typer.Option("--verify", help="compute the hash of what is there")] = False,
) -> None:
    """List the authors' files the full model set needs; place or download them."""
    folder = folder or ExportSettings().weights
    console = Console()
    failures = []
    for file in FILES:
        try:
            if source is not None and place(file, source, folder) is not None:
                console.print(f"placed {file.name}")
            if download and status(file, folder) in {Status.ABSENT, Status.WRONG_SIZE} and file.urls:
                _fetch_with_bar(file, folder, console)
        except ExportError as error:
            failures.append(error)
            console.print(f"[red]{error}[/red]")
    found = {file: status(file, folder, verify=verify) for file in FILES}
    console.print(_table(found, folder))
    for file, state in found.items():
        if state is Status.ABSENT and file.by_hand:
            console.print(f"{file.name}: {how_to_get(file)}")
    if failures or {Status.WRONG_SIZE, Status.WRONG_HASH} & set(found.values()):
        raise typer.Exit(2)


def _fetch_with_bar(file: WeightFile, folder: Path, console: Console) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(file.name, total=None)
        fetch(file, folder, lambda done, total: bar.update(task, completed=done, total=total))


def _table(found: dict[WeightFile, Status], folder: Path) -> Table:
    table = Table(title=f"Files in {folder}", title_justify="left", show_lines=False)
    for heading in ("file", "for", "size", "sha256", "licence", "state"):
        table.add_column(heading, overflow="fold")
    colours = {Status.ABSENT: "yellow", Status.PRESENT: "green", Status.VERIFIED: "green"}
    for file, state in found.items():
        size = "unknown" if file.size is None else f"{file.size:,} B"
        digest = "unknown" if file.sha256 is None else f"{file.sha256[:12]}…"
        colour = colours.get(state, "red")
        table.add_row(file.name, file.purpose, size, digest, file.licence, f"[{colour}]{state}[/{colour}]")
    return table
