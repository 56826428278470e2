"""The columns of published tables: PA-MPJPE, MPJPE and PVE, and the error of every joint."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import orjson
from scipy.optimize import linear_sum_assignment

from tracker_service.body.joints import SMPL_JOINT_NAMES
from tracker_service.body.model import BodyModel
from tracker_service.errors import ResultsError
from tracker_service.evaluation.bodies.body_truth import BodyTruth
from tracker_service.evaluation.box_overlap import pairwise_iou
from tracker_service.evaluation.poses.error import procrustes_aligned
from tracker_service.results.records import FrameRecord, PersonRecord
from tracker_service.types import Float64, Smpl

NEUTRAL = "neutral"
_PELVIS = (0,)
LSP_JOINTS = (6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10)
"""Rows of Human3.6M's 17 joints that 3DPW is scored by, as SPIN and HMR2 choose them: legs, arms, neck, head."""
LSP_HIPS = (2, 3)
LSP_NAMES = (
    *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle"),
    *("right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist", "neck", "head_top"),
)
_MILLIMETRES = 1000.0
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class ErrorColumns:
    """Mean errors over people and frames, millimetres.

    Attributes:
        pa_mpjpe: of the joints, after the best similarity transform.
        mpjpe: of the joints, the pelvises put on each other.
        pve: of the vertices, the pelvises put on each other; None where truth and result are on other bodies.
        matched: people and frames it is over.
        missed: those of the truth in which nobody was found.
    """

    pa_mpjpe: float
    mpjpe: float
    pve: float | None
    matched: int
    missed: int


@dataclass(frozen=True, slots=True)
class BodyEvaluation:
    """Errors of a run.

    Attributes:
        every: over everybody.
        people: of each person of the truth.
        joints: MPJPE of each joint, millimetres.
        remarks: what the figures must be read with.
    """

    every: ErrorColumns
    people: Mapping[int, ErrorColumns]
    joints: Mapping[str, float]
    remarks: tuple[str, ...] = ()

    def to_json(self) -> bytes:
        """Return the figures as indented JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)

    def text(self) -> str:
        """Return a table and the joints, the worst first, as plain lines."""
        lines = [f"{'':12}{'PA-MPJPE':>10}{'MPJPE':>10}{'PVE':>10}{'matched':>10}{'missed':>10}"]
        lines += [_line(f"person {person}", columns) for person, columns in self.people.items()]
        lines.append(_line("all, mm", self.every))
        worst = sorted(self.joints.items(), key=lambda entry: -entry[1])
        lines.append("MPJPE by joint, mm: " + ", ".join(f"{name} {error:.1f}" for name, error in worst))
        return "\n".join([*lines, *self.remarks])


@dataclass(frozen=True, slots=True)
class BodyFiles:
    """The bodies that poses are put on.

    Attributes:
        results: of the results, `body_model.npz` of the model set.
        truth: of the truth by gender; a gender without one is put on the body of the results.
        joint_regressor: (17, V) Human3.6M's joints from vertices (``J_regressor_h36m.npy``); None takes SMPL's 24.
    """

    results: BodyModel
    truth: Mapping[str, BodyModel]
    joint_regressor: Float64 | None = None


def evaluate_bodies(
    frames: Iterable[FrameRecord], truth: BodyTruth, bodies: BodyFiles, *, minimum_overlap: float
) -> BodyEvaluation:
    """Score results by a truth file's bodies.

    Results with `in_camera` are taken in the axes of the camera, others as the model sees them in their crops.

    Args:
        frames: of the results; frames beyond the truth are left out.
        truth: the people.
        bodies: what their poses are put on.
        minimum_overlap: smallest intersection over union of a match.

    Raises:
        ResultsError: the results show nobody of the truth, or the files do not go together.
    """
    pairs = list(_pairs(frames, truth, minimum_overlap))
    if not pairs:
        raise ResultsError("evaluate: expected results that show people of the truth, got no match in any frame")
    rows = np.array([row for row, _ in pairs])
    aligned, rooted, by_joint, surface = _errors(truth.take(rows), [person for _, person in pairs], bodies)
    names = SMPL_JOINT_NAMES if bodies.joint_regressor is None else LSP_NAMES

    def columns(chosen: "np.ndarray[tuple[int], np.dtype[np.bool_]]", in_truth: int) -> ErrorColumns:
        found = int(chosen.sum())
        pve = None if surface is None or not found else float(surface[chosen].mean())
        pa_mpjpe, mpjpe = (float(each[chosen].mean()) if found else float("nan") for each in (aligned, rooted))
        return ErrorColumns(pa_mpjpe, mpjpe, pve, found, in_truth - found)

    whose = truth.people[rows]
    return BodyEvaluation(
        columns(np.ones(len(rows), np.bool_), len(truth)),
        {
            int(person): columns(whose == person, int((truth.people == person).sum()))
            for person in np.unique(truth.people)
        },
        dict(zip(names, by_joint.mean(axis=0).tolist(), strict=True)),
        _remarks(truth, bodies),
    )


def _remarks(truth: BodyTruth, bodies: BodyFiles) -> tuple[str, ...]:
    without = sorted(set(truth.genders.tolist()) - set(bodies.truth) - {NEUTRAL})
    remarks = []
    if without:
        remarks.append(
            f"no body for {' and '.join(without)}: the truth was put on the body of the results, which moves joints "
            "and vertices; give --truth-body GENDER=FILE for figures like the published ones"
        )
    if bodies.joint_regressor is None:
        remarks.append("SMPL's 24 joints; 3DPW's published figures are over 14, give --joint-regressor for those")
    return tuple(remarks)


def _pairs(
    frames: Iterable[FrameRecord], truth: BodyTruth, minimum_overlap: float
) -> Iterator[tuple[int, PersonRecord]]:
    """Yield a row of the truth and its person in the results."""
    for frame in frames:
        rows = np.flatnonzero(truth.frames == frame.frame_number)
        if not len(rows) or not frame.persons:
            continue
        found = np.array([person.bbox for person in frame.persons], np.float64)
        boxes = truth.boxes[rows].astype(np.float64)
        overlap = pairwise_iou(np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1), found)
        for row, column in zip(*linear_sum_assignment(-overlap), strict=True):
            if overlap[row, column] >= minimum_overlap:
                yield int(rows[row]), frame.persons[column]


def _errors(
    truth: BodyTruth, people: list[PersonRecord], bodies: BodyFiles
) -> tuple[Float64, Float64, Float64, Float64 | None]:
    """Return PA-MPJPE (n,), MPJPE (n,), MPJPE by joint (n, J) and PVE (n,), millimetres."""
    parts = [
        _batch_errors(truth.take(np.arange(at, min(at + _AT_ONCE, len(people)))), people[at : at + _AT_ONCE], bodies)
        for at in range(0, len(people), _AT_ONCE)
    ]
    aligned, rooted, surface = (np.concatenate(each) for each in zip(*parts, strict=True))
    return aligned.mean(axis=1), rooted.mean(axis=1), rooted, None if np.isnan(surface).any() else surface


def _batch_errors(truth: BodyTruth, people: list[PersonRecord], bodies: BodyFiles) -> tuple[Float64, Float64, Float64]:
    """Return the errors by joint after alignment (n, J) and with the pelvises on each other, and PVE (n,)."""
    found = Smpl(
        np.stack([one.global_orient if one.in_camera is None else one.in_camera.global_orient for one in people]),
        np.stack([one.body_pose for one in people]),
        np.stack([one.betas for one in people]),
    )
    own, surface = _posed(bodies.results, found, bodies.joint_regressor)
    expected = np.zeros_like(own)
    vertices = np.full(len(people), np.nan)
    root = _PELVIS if bodies.joint_regressor is None else LSP_HIPS
    for gender in sorted(set(truth.genders.tolist())):
        rows = np.flatnonzero(truth.genders == gender)
        body = bodies.truth.get(gender, bodies.results)
        joints, true_surface = _posed(body, truth.smpl.take(rows), bodies.joint_regressor)
        stated = truth.joints is not None and bodies.joint_regressor is None
        expected[rows] = truth.joints[rows] if stated and truth.joints is not None else joints
        if body.number_of_vertices == bodies.results.number_of_vertices:
            difference = _rooted(surface[rows], own[rows], root) - _rooted(true_surface, joints, root)
            vertices[rows] = np.linalg.norm(difference, axis=2).mean(axis=1)
    rooted = _rooted(own, own, root) - _rooted(expected, expected, root)
    aligned = procrustes_aligned(own, expected) - expected
    by_joint = (_MILLIMETRES * np.linalg.norm(each, axis=2) for each in (aligned, rooted))
    return (*by_joint, _MILLIMETRES * vertices)


def _posed(body: BodyModel, smpl: Smpl, regressor: Float64 | None) -> tuple[Float64, Float64]:
    """Return the joints that are scored and the vertices, metres."""
    vertices = body.vertices(smpl).astype(np.float64)
    if regressor is None:
        return body.smpl_joints(smpl).astype(np.float64), vertices
    if regressor.shape[1] != vertices.shape[1]:
        raise ResultsError(
            f"joint regressor: expected {vertices.shape[1]} columns, one a vertex, got {regressor.shape[1]}"
        )
    return np.asarray(regressor[list(LSP_JOINTS)] @ vertices, np.float64), vertices


def _rooted(points: Float64, joints: Float64, root: tuple[int, ...]) -> Float64:
    return np.asarray(points - joints[:, list(root)].mean(axis=1, keepdims=True), np.float64)


def _line(name: str, columns: ErrorColumns) -> str:
    pve = "-" if columns.pve is None else f"{columns.pve:.1f}"
    errors = f"{columns.pa_mpjpe:>10.1f}{columns.mpjpe:>10.1f}{pve:>10}"
    return f"{name:12}{errors}{columns.matched:>10}{columns.missed:>10}"
