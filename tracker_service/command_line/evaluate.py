"""``phalp-triton evaluate``: results compared with ground truth."""

from pathlib import Path
from typing import Annotated

import typer

from tracker_service.evaluation.pose_evaluation import PoseEvaluation, evaluate_poses
from tracker_service.evaluation.track_evaluation import Evaluation
from tracker_service.evaluation.track_evaluation import evaluate as evaluate_tracks


def evaluate(
    results: Annotated[Path, typer.Argument(help="results.ndjson of a run.")],
    ground_truth: Annotated[Path, typer.Option(help="MOT boxes (.txt) or a sample's truth (.npz).")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    include_predicted: Annotated[bool, typer.Option(help="Also judge people who were only predicted.")] = True,
    minimum_confidence: Annotated[float, typer.Option(help="Lowest detection score of a judged person.")] = 0.0,
    minimum_tracking_confidence: Annotated[float, typer.Option(help="Lowest tracking confidence.")] = 0.0,
    iou: Annotated[float, typer.Option(help="Overlap from which a box counts as found.")] = 0.5,
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
