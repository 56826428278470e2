"""``phalp-triton evaluate``: results compared with ground truth."""

from pathlib import Path
from typing import Annotated

import typer

from tracker_service.command_line.evaluate_bodies import BodyOptions, evaluate_body_truth
from tracker_service.errors import SettingsError
from tracker_service.evaluation.bodies.body_evaluation import BodyEvaluation
from tracker_service.evaluation.box_overlap import LEAST_OVERLAP
from tracker_service.evaluation.mot import read_mot
from tracker_service.evaluation.plots.figure import check_plot_file
from tracker_service.evaluation.plots.poses import plot_poses
from tracker_service.evaluation.plots.tracks import plot_tracks
from tracker_service.evaluation.poses.evaluation import PoseEvaluation, match_poses
from tracker_service.evaluation.poses.truth import PoseTruth
from tracker_service.evaluation.track_evaluation import Evaluation, PersonFilter, compared, scores
from tracker_service.results.ndjson import read_results


def evaluate(
    results: Annotated[Path, typer.Argument(help="results.ndjson of a run.")],
    ground_truth: Annotated[Path | None, typer.Option(help="MOT boxes (.txt) or a sample's truth (.npz).")] = None,
    poses: Annotated[Path | None, typer.Option(help="Bodies: a truth file of 3DPW, EMDB or BEDLAM.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Also draw who was followed when, and the errors: a .png, .svg or .pdf.")
    ] = None,
    include_predicted: Annotated[
        bool, typer.Option(help="Also judge people who were only predicted.")
    ] = PersonFilter.include_predicted,
    minimum_confidence: Annotated[
        float, typer.Option(help="Lowest detection score of a judged person.")
    ] = PersonFilter.minimum_confidence,
    minimum_tracking_confidence: Annotated[
        float, typer.Option(help="Lowest tracking confidence.")
    ] = PersonFilter.minimum_tracking_confidence,
    iou: Annotated[float, typer.Option(help="Overlap from which a box counts as found.")] = LEAST_OVERLAP,
    body: Annotated[Path | None, typer.Option(help="With --poses: body_model.npz of the results.")] = None,
    truth_body: Annotated[
        list[str] | None, typer.Option(help="With --poses: GENDER=body_model.npz of the truth; may be repeated.")
    ] = None,
    joint_regressor: Annotated[
        Path | None, typer.Option(help="With --poses: J_regressor_h36m.npy, for 3DPW's 14 joints.")
    ] = None,
    sequence: Annotated[str | None, typer.Option(help="With --poses: folder of pictures in a BEDLAM file.")] = None,
) -> None:
    """Compare results with ground truth: MOTA, IDF1, HOTA, id switches; with a sample's truth also joint errors.

    With --poses the columns of published tables: PA-MPJPE, MPJPE, PVE, and the error of every joint.
    """
    if plot is not None:
        check_plot_file(plot)
    evaluation: Evaluation | PoseEvaluation | BodyEvaluation
    if poses is not None and ground_truth is not None:
        raise SettingsError("evaluate: expected --ground-truth or --poses, got both")
    if poses is not None and plot is not None:
        raise SettingsError("evaluate: expected --plot with --ground-truth, got it with --poses, which draws nothing")
    if poses is not None:
        options = BodyOptions(body, truth_body or (), joint_regressor, sequence)
        evaluation = evaluate_body_truth(results, poses, options, iou=iou)
    elif ground_truth is None:
        raise SettingsError("evaluate: expected --ground-truth or --poses, got neither")
    elif ground_truth.suffix == ".npz":
        evaluation = _poses(results, ground_truth, plot, iou)
    else:
        judged = PersonFilter(minimum_confidence, include_predicted, minimum_tracking_confidence)
        evaluation = _tracks(results, ground_truth, judged, plot, iou)
    typer.echo(evaluation.to_json() if json else evaluation.text())


def _poses(results: Path, ground_truth: Path, plot: Path | None, iou: float) -> PoseEvaluation:
    truth = PoseTruth.load(ground_truth)
    matches = match_poses(read_results(results), truth, minimum_overlap=iou)
    if plot is not None:
        plot_poses(matches, truth, plot)
    return PoseEvaluation.of(matches, truth)


def _tracks(results: Path, ground_truth: Path, judged: PersonFilter, plot: Path | None, iou: float) -> Evaluation:
    pairs = compared(read_results(results), read_mot(ground_truth), judged)
    if plot is not None:
        plot_tracks(pairs, plot, iou=iou)
    return scores(pairs, iou=iou)
