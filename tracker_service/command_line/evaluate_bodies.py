"""What ``phalp-triton evaluate --poses`` does: results against the truth files of 3DPW, EMDB and BEDLAM."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracker_service.body.model import BodyModel
from tracker_service.errors import ResultsError, SettingsError
from tracker_service.evaluation.bodies.body_evaluation import BodyEvaluation, BodyFiles, evaluate_bodies
from tracker_service.evaluation.bodies.truth_files import read_truth
from tracker_service.results.ndjson import read_results
from tracker_service.results.recorded_run import RecordedRun
from tracker_service.results.result_files import SUMMARY
from tracker_service.settings import load_settings
from tracker_service.types import Float64
from tracker_service.wiring.models import load_body

_GENDERS = ("neutral", "male", "female")
_REGRESSED = 17
"""Joints of Human3.6M, which `J_regressor_h36m.npy` regresses."""


@dataclass(frozen=True, slots=True)
class BodyOptions:
    """What else is given.

    Attributes:
        body: `body_model.npz` of the results; None takes that of the run's model set.
        truth_bodies: ``GENDER=FILE`` each, of the truth.
        joint_regressor: ``J_regressor_h36m.npy``.
        sequence: folder of pictures in a BEDLAM file.
    """

    body: Path | None = None
    truth_bodies: Sequence[str] = ()
    joint_regressor: Path | None = None
    sequence: str | None = None


def evaluate_body_truth(results: Path, truth: Path, options: BodyOptions, *, iou: float) -> BodyEvaluation:
    """Score ``results.ndjson`` by a truth file.

    Raises:
        SettingsError: an option cannot be used.
        ResultsError: a file cannot be read, or nobody is matched.
        ModelNotFoundError: a body is not there.
    """
    bodies = BodyFiles(
        BodyModel.load(options.body) if options.body is not None else _body_of_run(results),
        dict(_truth_body(text) for text in options.truth_bodies),
        None if options.joint_regressor is None else _regressor(options.joint_regressor),
    )
    return evaluate_bodies(read_results(results), read_truth(truth, options.sequence), bodies, minimum_overlap=iou)


def _body_of_run(results: Path) -> BodyModel:
    recorded = (results.parent / SUMMARY).exists()
    model_set = RecordedRun.of(results.parent).settings.get("model_set") if recorded else None
    return load_body(load_settings({"model_set": model_set}))


def _truth_body(text: str) -> tuple[str, BodyModel]:
    gender, equals, path = text.partition("=")
    if not equals or gender not in _GENDERS:
        raise SettingsError(f"--truth-body: expected GENDER=FILE with one of {', '.join(_GENDERS)}, got {text!r}")
    return gender, BodyModel.load(path)


def _regressor(path: Path) -> Float64:
    try:
        regressor = np.asarray(np.load(path, allow_pickle=False), np.float64)
    except (OSError, ValueError, EOFError) as error:
        raise ResultsError(f"{path}: expected an array of joints by vertices, got {error}") from error
    if regressor.ndim != 2 or len(regressor) != _REGRESSED:
        raise ResultsError(f"{path}: expected {_REGRESSED} joints by vertices, got shape {regressor.shape}")
    return regressor
