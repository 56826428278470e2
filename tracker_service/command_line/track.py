"""``phalp-triton track``: a video into a folder of results."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from tracker_service.command_line.arguments import settings_and_source
from tracker_service.command_line.progress import progress_display
from tracker_service.wiring.track import track_video


def track(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE [KEY=VALUE]...",
            help="Video file or folder of images, then settings under PHALP's names, as phalp.low_th_c=0.5.",
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="Folder of the results; made when missing.")] = None,
    model_set: Annotated[str | None, typer.Option(help="Models to run.")] = None,
    window: Annotated[int | None, typer.Option(help="Frames per batch.")] = None,
    start: Annotated[str | None, typer.Option(help="First frame: 120, 4.5s or 00:01:02.5.")] = None,
    end: Annotated[str | None, typer.Option(help="Frame or time to stop before.")] = None,
    low_th_c: Annotated[float | None, typer.Option(help="Lowest detection score.")] = None,
    hungarian_th: Annotated[float | None, typer.Option(help="Highest cost of a match.")] = None,
    max_age_track: Annotated[int | None, typer.Option(help="Missed frames a track survives.")] = None,
    n_init: Annotated[int | None, typer.Option(help="Sightings that confirm a track.")] = None,
    inference: Annotated[str | None, typer.Option(help="Where the models run: embedded or triton.")] = None,
    triton_url: Annotated[str | None, typer.Option(help="host:port of Triton's gRPC endpoint.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of one model run; 0 takes all cores.")] = None,
    workers: Annotated[int | None, typer.Option(help="Windows computed at the same time.")] = None,
    mesh: Annotated[bool, typer.Option("--mesh", help="Add mesh vertices to results.ndjson.")] = False,
    overlay: Annotated[bool | None, typer.Option(help="Draw overlay.mp4.")] = None,
    detect_shots: Annotated[bool | None, typer.Option(help="Look for shot changes.")] = None,
    boxes: Annotated[
        Path | None, typer.Option(help="Boxes of people, given instead of detected: MOT text or NDJSON.")
    ] = None,
    refine: Annotated[bool | None, typer.Option(help="Fill gaps from both sides and smooth.")] = None,
) -> None:
    """Track the people of a video and write results.ndjson, tracks.pkl, overlay.mp4 and summary.json."""
    options: dict[str, Any] = {
        "model_set": model_set,
        "pipeline.window": window,
        "video.start_time": start,
        "video.end_time": end,
        "phalp.low_th_c": low_th_c,
        "phalp.hungarian_th": hungarian_th,
        "phalp.max_age_track": max_age_track,
        "phalp.n_init": n_init,
        "inference.kind": inference,
        "inference.triton_url": triton_url,
        "inference.threads": threads,
        "inference.workers": workers,
        "render.enable": overlay,
        "detect_shots": detect_shots,
        "video.boxes": boxes,
        "refinement.enable": refine,
        "video.output_dir": out,
    }
    settings, source = settings_and_source(arguments, options)
    console = Console()
    with progress_display(console) as display:
        summary = track_video(settings, source, settings.video.output_dir, mesh=mesh, progress=display.show)
    console.print(summary.text(), highlight=False, soft_wrap=True)
    console.print(f"{'results in':<15} {settings.video.output_dir}", highlight=False, soft_wrap=True)
