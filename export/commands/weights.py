"""`python -m export weights`: what is needed, what is there, and getting the rest."""

from json import dumps
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from export.settings import ExportSettings
from export.weights.placing import fetch, place
from export.weights.published import FILES, NOT_THERE, Status, WeightFile, how_to_get, status
from tracker_service.errors import ExportError

_USABLE = {Status.PRESENT, Status.VERIFIED}


def weights(
    folder: Annotated[Path | None, typer.Option(help="weights folder; default from the settings")] = None,
    source: Annotated[Path | None, typer.Option("--from", help="take hand-placed files from this folder")] = None,
    download: Annotated[
        bool, typer.Option("--download", help="download what is missing and may be downloaded")
    ] = False,
    verify: Annotated[bool, typer.Option("--verify", help="compute the hash of what is there")] = False,
    json: Annotated[bool, typer.Option("--json", help="print the list as JSON")] = False,
) -> None:
    """List the authors' files the full model set needs; place or download them."""
    folder = folder or ExportSettings().weights
    if source is not None and not source.is_dir():
        got = "a file" if source.exists() else "nothing"
        raise ExportError(f"--from: expected a folder that holds files of the authors, got {got} at {source}")
    console = Console(stderr=json)
    failures = []
    for file in FILES:
        try:
            if source is not None and place(file, source, folder) is not None:
                console.print(f"placed {file.name}")
            if download and file.urls and status(file, folder, verify=verify) not in _USABLE:
                _fetch_with_bar(file, folder, console)
        except ExportError as error:
            failures.append(error)
            console.print(str(error), style="red", markup=False)
    found = {file: status(file, folder, verify=verify) for file in FILES}
    if json:
        print(dumps([_record(file, state) for file, state in found.items()], indent=1))
    else:
        _print_list(found, folder, console)
    if failures or set(found.values()) - _USABLE - NOT_THERE:
        raise typer.Exit(2)


def _fetch_with_bar(file: WeightFile, folder: Path, console: Console) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(file.name, total=None)
        fetch(file, folder, lambda done, total: bar.update(task, completed=done, total=total))


def _print_list(found: dict[WeightFile, Status], folder: Path, console: Console) -> None:
    """Print two lines a file: name, state, size and hash, then purpose and licence; at last how to get the rest."""
    console.print(f"[bold]{folder}[/bold]")
    colours = {Status.ABSENT: "yellow", Status.OPTIONAL: "dim", Status.PRESENT: "green", Status.VERIFIED: "green"}
    for file, state in found.items():
        size = "" if file.size is None else f"{file.size:,} B"
        digest = "" if file.sha256 is None else f"sha256 {file.sha256[:16]}…"
        colour = colours.get(state, "red")
        console.print(f"{file.name:<28} [{colour}]{state:<11}[/{colour}] {size:>15} {digest}", highlight=False)
        console.print(f"    {file.purpose}. {file.licence}.", highlight=False, style="dim")
    for file, state in found.items():
        if state in NOT_THERE and file.by_hand:
            console.print(f"{file.name}: {how_to_get(file)}")


def _record(file: WeightFile, state: Status) -> dict[str, object]:
    return {
        "name": file.name,
        "state": state,
        "size": file.size,
        "sha256": file.sha256,
        "purpose": file.purpose,
        "licence": file.licence,
        "how_to_get": how_to_get(file) if state in NOT_THERE else None,
    }
