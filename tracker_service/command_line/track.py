"""``phalp-triton track``: videos into folders of results."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tracker_service.command_line.arguments import format_names, settings_and_sources
from tracker_service.command_line.reports import JsonReport, TextReport, TrackReport
from tracker_service.command_line.sources import result_folders
from tracker_service.command_line.tracking import TrackOptions, track_all
from tracker_service.tracing.traced_process import traced_process


def track(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE... [KEY=VALUE]...",
            help="Video files, folders of images or patterns as 'clips/*.mp4', then settings under PHALP's names, "
            "as phalp.low_th_c=0.5.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the results; of several sources, the folder that gets one for each. Without it: "
            "outputs/NAME_OF_THE_SOURCE."
        ),
    ] = None,
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
    mesh: Annotated[bool, typer.Option("--mesh", help="Add mesh vertices to results.ndjson and tracks.pkl.")] = False,
    overlay: Annotated[bool | None, typer.Option(help="Draw overlay.mp4.")] = None,
    detect_shots: Annotated[bool | None, typer.Option(help="Look for shot changes.")] = None,
    boxes: Annotated[
        Path | None, typer.Option(help="Boxes of people, given instead of detected: MOT text or NDJSON.")
    ] = None,
    formats: Annotated[
        str | None, typer.Option(help="Write the results also as these, as glb,bvh; see `convert --help`.")
    ] = None,
    refine: Annotated[bool | None, typer.Option(help="Fill gaps from both sides and smooth.")] = None,
    viewer: Annotated[
        bool, typer.Option("--viewer", help="Write viewer.html too: one page that shows the results in 3D.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where this command was interrupted; give it from the first time on.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print summary.json; a list for several sources.")] = False,
) -> None:
    """Track the people of videos and write results.ndjson, tracks.pkl, overlay.mp4 and summary.json of each."""
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
    settings, sources = settings_and_sources(arguments, options)
    options_of_run = TrackOptions(mesh, resume, format_names(formats), viewer)
    report: TrackReport = JsonReport(several=len(sources) > 1) if json else TextReport()
    folders = result_folders(sources, settings.video.output_dir)
    with traced_process(settings.telemetry, "track"):
        failed = track_all(settings, sources, folders, report, options_of_run)
    report.end()
    if failed:
        raise typer.Exit(2)
