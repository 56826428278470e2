"""The command line: ``phalp-triton track``, ``serve`` and ``evaluate``.

Every error of the tree is printed as one line and ends with exit status 2.
"""

import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.logging import RichHandler

from tracker_service.command_line.explain import explain
from tracker_service.command_line.progress import progress_display
from tracker_service.command_line.serve import serve
from tracker_service.errors import PhalpTritonError, SettingsError
from tracker_service.evaluation.pose_evaluation import PoseEvaluation, evaluate_poses
from tracker_service.evaluation.track_evaluation import Evaluation
from tracker_service.evaluation.track_evaluation import evaluate as evaluate_tracks
from tracker_service.settings import Settings, load_settings
from tracker_service.settings.overrides import insert, is_override, parse_overrides
from tracker_service.wiring.track import track_video

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
_errors = Console(stderr=True)


app.command()(serve)
app.command()(explain)


@app.callback()
def _phalp_triton() -> None:
    """Video in, 3D people tracks out."""


@app.command()
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
    settings, source = _settings_and_source(arguments, options)
    console = Console()
    with progress_display(console) as display:
        summary = track_video(settings, source, settings.video.output_dir, mesh=mesh, progress=display.show)
    console.print(summary.text(), highlight=False, soft_wrap=True)
    console.print(f"{'results in':<15} {settings.video.output_dir}", highlight=False, soft_wrap=True)


@app.command()
def evaluate(
    results: Annotated[Path, typer.Argument(help="results.ndjson of a run.")],
    ground_truth: Annotated[Path, typer.Option(help="MOT boxes (.txt) or a sample's truth (.npz).")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    include_predicted: Annotated[bool, typer.Option(help="Also judge people who were only predicted.")] = True,
    minimum_confidence: Annotated[float, typer.Option(help="Lowest detection score of a judged person.")] = 0.0,
    minimum_tracking_confidence: Annotated[float, typer.Option(help="Lowest tracking confidence.")] = 0.0,
    iou: Annotated[float, typer.Option(help="OverlapParameters from which a box counts as found.")] = 0.5,
) -> None:
    """Compare results with ground truth: MOTA, IDF1, HOTA, id switches; with a sample's truth also joint errors."""
    evaluation: Evaluation | PoseEvaluation
    if ground_truth.suffix == ".npz":
        evaluation = evaluate_poses(results, ground_truth, minimum_overlap=iou)
    else:
        evaluation = evaluate_tracks(
            results,
            ground_truth,
            minimum_confidence=minimum_confidence,
            iou=iou,
            include_predicted=include_predicted,
            minimum_tracking_confidence=minimum_tracking_confidence,
        )
    typer.echo(evaluation.to_json() if json else evaluation.text())


def main() -> None:
    """Run the command line; errors of the tree become one line on stderr and exit status 2."""
    handler = RichHandler(console=_errors, show_time=False, show_path=False)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    try:
        app()
    except PhalpTritonError as error:
        _errors.print(f"error: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
        sys.exit(2)


def _settings_and_source(arguments: list[str], options: dict[str, Any]) -> tuple[Settings, str]:
    """Tell the source from the overrides; options of the command line win over both."""
    overrides = [argument for argument in arguments if is_override(argument) and not Path(argument).exists()]
    sources = [argument for argument in arguments if argument not in overrides]
    tree = parse_overrides(overrides)
    for key, value in options.items():
        if value is not None:
            insert(tree, key, value)
    settings = load_settings(tree)
    if settings.video.source is not None:
        sources.append(settings.video.source)
    if len(sources) != 1:
        raise SettingsError(f"source: expected one video or folder, got {len(sources)}: {' '.join(sources) or 'none'}")
    return settings, sources[0]
