"""``phalp-triton explain``: why the people of a frame have their identities."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from tracker_service.command_line.arguments import split_arguments
from tracker_service.command_line.text.explanation import as_record, tables
from tracker_service.errors import ResultsError, SettingsError
from tracker_service.results.recorded_run import RecordedRun
from tracker_service.results.result_files import RESULTS
from tracker_service.settings import Settings, load_settings
from tracker_service.types.shown_text import as_file_name
from tracker_service.wiring.explain import explain_frame

_DECIDE_IDENTITIES = (
    "model_set",
    "detect_shots",
    "phalp",
    "camera",
    "second_look",
    "video",
    "inference",
    "pipeline",
)
"""Recorded settings that are taken over; the others change no identity, or belong to another process."""
_NOT_TAKEN_OVER = ("source", "output_dir")


def explain(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="RESULTS_OR_VIDEO [KEY=VALUE]...",
            help="Folder of results (its video is tracked again with the recorded settings), or a video.",
        ),
    ],
    frame: Annotated[int, typer.Option(help="Number of the frame, from 0.")],
    track: Annotated[int | None, typer.Option(help="Only this track id.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Say why the people of a frame have their identities: candidates, the terms of their cost, gates, reasons."""
    settings, source = _settings_and_source(arguments)
    explained = explain_frame(settings, source, frame)
    explanation = explained.explanation if track is None else explained.explanation.of_track(track)
    if json:
        typer.echo(
            orjson.dumps(as_record(explained.observed, explained.found, explanation), option=orjson.OPT_INDENT_2)
        )
        return
    console = Console()
    for table in tables(explained.observed, explained.found, explanation):
        console.print(table)


def _settings_and_source(arguments: list[str]) -> tuple[Settings, str]:
    """Return the recorded settings and source of results, or the given ones of a video; overrides win over both."""
    sources, given = split_arguments(arguments)
    if len(sources) != 1:
        raise SettingsError(f"explain: expected one folder of results or one video, got {len(sources)}")
    path = Path(sources[0])
    folder = path.parent if path.name == RESULTS else path
    if not (folder / RESULTS).is_file():
        return load_settings(given), sources[0]
    run = RecordedRun.of(folder)
    video = next((name for name in (run.source, as_file_name(run.source)) if Path(name).exists()), None)
    if video is None:
        raise ResultsError(f"explain: expected the video of these results, {run.source}, got nothing there")
    return load_settings(_merged(_taken_over(run.settings), given)), video


def _taken_over(settings: Mapping[str, Any]) -> dict[str, Any]:
    taken = {name: value for name, value in settings.items() if name in _DECIDE_IDENTITIES}
    video = taken.get("video")
    if isinstance(video, dict):
        taken["video"] = {name: value for name, value in video.items() if name not in _NOT_TAKEN_OVER}
    return taken


def _merged(recorded: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(recorded)
    for name, value in given.items():
        known = merged.get(name)
        both = isinstance(known, Mapping) and isinstance(value, Mapping)
        merged[name] = _merged(known, value) if both else value  # type: ignore[arg-type]
    return merged
