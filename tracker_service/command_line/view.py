"""``phalp-triton view``: results in the browser, or as one page."""

import sys
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn

from tracker_service.api.viewer.local import listen_locally, local_app
from tracker_service.command_line.arguments import split_arguments
from tracker_service.errors import ResultsError, SettingsError
from tracker_service.results.recorded_run import RecordedRun
from tracker_service.settings import Settings, load_settings
from tracker_service.types.shown_text import on_one_line
from tracker_service.wiring.models import load_body
from tracker_service.wiring.viewer import write_viewer

_MOST_RUNS = 2


def view(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="RESULTS [OTHER_RESULTS] [KEY=VALUE]...",
            help="Folder of results; a second one is compared with it.",
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="Write one HTML file that needs no server, and end.")] = None,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Show results: the video beside its people in 3D, in the browser or as one file."""
    sources, given = split_arguments(arguments)
    if not 1 <= len(sources) <= _MOST_RUNS:
        raise SettingsError(f"view: expected one or two folders of results, got {len(sources)}")
    folders = [Path(source) for source in sources]
    if out is not None:
        write_viewer(_settings(folders[0], given), folders, out)
        typer.echo(f"written: {on_one_line(str(out))}")
        return
    app = local_app(folders, load_body(_settings(folders[0], given)))
    with listen_locally(port) as listener:
        address = f"http://{listener.getsockname()[0]}:{listener.getsockname()[1]}/"
        sys.stdout.write(f"{address} (Ctrl-C ends)\n")
        sys.stdout.flush()
        if browser:
            webbrowser.open(address)
        uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none")).run(sockets=[listener])


def _settings(folder: Path, given: dict[str, Any]) -> Settings:
    """Return the settings that say which body these results speak of: those of the run, where it is known."""
    if "model_set" not in given:
        with suppress(ResultsError, KeyError):
            given = {**given, "model_set": RecordedRun.of(folder).settings["model_set"]}
    return load_settings(given)
