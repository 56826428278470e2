"""``phalp-triton bulk``: thousands of videos on Ray's workers, each into a folder of results."""

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from tracker_service.bulk.failures import write_failures
from tracker_service.bulk.manifest import checked_address, read_manifest
from tracker_service.bulk.result_names import result_names
from tracker_service.bulk.run import run_bulk
from tracker_service.bulk.storage import Place
from tracker_service.bulk.work import BulkWork, VideoTask
from tracker_service.command_line.arguments import format_names, split_arguments
from tracker_service.command_line.bulk_report import BulkLines, outcome_json, outcome_lines
from tracker_service.errors import SettingsError
from tracker_service.results.folder_lock import locked_folder
from tracker_service.settings import Settings, load_settings
from tracker_service.settings.overrides import insert


def bulk(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="MANIFEST [KEY=VALUE]...",
            help='File with a video a line: a path, file://, s3:// or gs://, or {"video": ..., "name": ...}; then '
            "settings, as phalp.low_th_c=0.5.",
        ),
    ],
    out: Annotated[
        str, typer.Option(help="Folder of the results, as the videos' addresses; each video has a folder in it.")
    ],
    workers: Annotated[
        int | None, typer.Option(help="Videos at the same time; 0 takes what Ray has cores for.")
    ] = None,
    worker_cpus: Annotated[int | None, typer.Option(help="Cores of each worker.")] = None,
    attempts: Annotated[int | None, typer.Option(help="How often a video is tried.")] = None,
    scratch: Annotated[Path | None, typer.Option(help="Folder for downloads and unfinished results.")] = None,
    ray_address: Annotated[
        str | None, typer.Option(help="Ray cluster to join, as auto or HOST:6379. Without it: one on this machine.")
    ] = None,
    model_set: Annotated[str | None, typer.Option(help="Models to run.")] = None,
    inference: Annotated[str | None, typer.Option(help="Where the models run: embedded or triton.")] = None,
    triton_url: Annotated[str | None, typer.Option(help="host:port of Triton's gRPC endpoint.")] = None,
    mesh: Annotated[bool, typer.Option("--mesh", help="Add mesh vertices to results.ndjson and tracks.pkl.")] = False,
    overlay: Annotated[bool | None, typer.Option(help="Draw overlay.mp4.")] = None,
    formats: Annotated[str | None, typer.Option(help="Write the results also as these, as glb,bvh.")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read finished results again and compare their digests.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what became of every video.")] = False,
) -> None:
    """Track the people of many videos; what is finished is left out, what failed is in failures.ndjson."""
    manifests, tree = split_arguments(arguments)
    options: dict[str, Any] = {
        "bulk.workers": workers,
        "bulk.worker_cpus": worker_cpus,
        "bulk.video_attempts": attempts,
        "bulk.scratch": scratch,
        "model_set": model_set,
        "inference.kind": inference,
        "inference.triton_url": triton_url,
        "render.enable": overlay,
    }
    for key, value in options.items():
        if value is not None:
            insert(tree, key, value)
    settings = _checked(load_settings(tree))
    if len(manifests) != 1:
        raise SettingsError(f"bulk: expected one manifest, got {len(manifests)}")
    videos = read_manifest(Path(manifests[0]))
    tasks = [VideoTask(video.address, name) for video, name in zip(videos, result_names(videos), strict=True)]
    place, started = Place(_out(out)), time.monotonic()
    work = BulkWork(settings, place.address, mesh, format_names(formats), verify)
    errors = Console(stderr=True)
    lines = BulkLines(errors, len(tasks))
    try:
        with nullcontext() if place.local is None else locked_folder(place.local):
            run = run_bulk(work, tasks, ray_address, lines.show)
            write_failures(place, run.outcomes)
    except KeyboardInterrupt:
        errors.print("interrupted: what is finished stays; the same command does the rest", highlight=False)
        raise
    seconds = time.monotonic() - started
    if json:
        typer.echo(orjson.dumps(outcome_json(run, seconds), option=orjson.OPT_INDENT_2))
    else:
        for line in outcome_lines(run, seconds):
            Console().print(line, highlight=False, markup=False, soft_wrap=True)
    if any(outcome.state == "failed" for outcome in run.outcomes):
        raise typer.Exit(2)


def _out(text: str) -> str:
    try:
        return checked_address(text, Path.cwd())
    except SettingsError as error:
        raise SettingsError(f"--out: {error}") from error


def _checked(settings: Settings) -> Settings:
    video = settings.video
    for name, value in (("source", video.source), ("output_dir", video.output_dir), ("boxes", video.boxes)):
        if value is not None:
            raise SettingsError(f"video.{name}: expected none for a bulk run, got {value}")
    if not settings.overwrite:
        raise SettingsError("overwrite: expected true for a bulk run, which leaves out what is finished, got false")
    return settings
