"""The MOT metrics, computed by their reference implementation (TrackEval) on arrays.

CLEAR (MOTA, id switches, fragmentations): Bernardin and Stiefelhagen 2008. Identity (IDF1): Ristani et al. 2016.
HOTA with its parts DetA and AssA: Luiten et al. 2021. The metric classes get the arrays directly; what TrackEval's file
dataset does before them (numbering ids, leaving out rows marked 0, the distractor classes of MOT16/17) is done here.
"""

import importlib
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy.optimize import linear_sum_assignment

from tracker_service.errors import ResultsError
from tracker_service.evaluation.box_overlap import pairwise_iou
from tracker_service.evaluation.mot import NO_CLASS, PEDESTRIAN, TruthFrame
from tracker_service.types import Bool, Float64, Int64

MetricInput: TypeAlias = dict[str, Any]
"""What TrackEval's metric classes read, in its own key names."""

# MOT16/17 classes that look like pedestrians: finding one is neither right nor wrong.
_DISTRACTORS = (2, 7, 8, 12)
_DISTRACTOR_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class FramePair:
    """The people of one frame that are compared.

    Attributes:
        truth_ids: (n,) int64.
        result_ids: (m,) int64.
        overlap: (n, m) float64, intersection over union.
    """

    truth_ids: Int64
    result_ids: Int64
    overlap: Float64


def pair_frame(truth: TruthFrame, result_ids: Int64, result_boxes: Float64) -> FramePair:
    """Return what counts in one frame; ``result_boxes`` are (m, 4), x y width height."""
    overlap = pairwise_iou(truth.boxes, result_boxes)
    evaluated = truth.counted & np.isin(truth.classes, (NO_CLASS, PEDESTRIAN))
    keep = ~_on_distractors(truth, overlap)
    return FramePair(truth.ids[evaluated], result_ids[keep], overlap[evaluated][:, keep])


def _on_distractors(truth: TruthFrame, overlap: Float64) -> Bool:
    """Return which results match a distractor of MOT16/17 best; they are neither right nor wrong."""
    ignored = np.zeros(overlap.shape[1], np.bool_)
    if not np.isin(truth.classes, _DISTRACTORS).any():
        return ignored
    candidates = np.where(overlap >= _DISTRACTOR_OVERLAP, overlap, 0.0)
    rows, columns = linear_sum_assignment(-candidates)
    matched = (candidates[rows, columns] > 0) & np.isin(truth.classes[rows], _DISTRACTORS)
    ignored[columns[matched]] = True
    return ignored


def metric_input(pairs: list[FramePair]) -> MetricInput:
    """Return the dict that TrackEval's metric classes read; ids are numbered from 0 without gaps."""
    truth_ids, truth_numbers = _renumbered([pair.truth_ids for pair in pairs])
    result_ids, result_numbers = _renumbered([pair.result_ids for pair in pairs])
    return {
        "num_timesteps": len(pairs),
        "num_gt_ids": len(truth_ids),
        "num_tracker_ids": len(result_ids),
        "num_gt_dets": sum(len(numbers) for numbers in truth_numbers),
        "num_tracker_dets": sum(len(numbers) for numbers in result_numbers),
        "gt_ids": truth_numbers,
        "tracker_ids": result_numbers,
        "similarity_scores": [pair.overlap for pair in pairs],
    }


def _renumbered(ids: list[Int64]) -> tuple[Int64, list[Int64]]:
    unique = np.unique(np.concatenate([np.zeros(0, np.int64), *ids]))
    return unique, [np.searchsorted(unique, frame_ids) for frame_ids in ids]


def clear(data: MetricInput, iou: float) -> dict[str, float]:
    """Return the CLEAR scores for matches that overlap by at least ``iou``."""
    return _evaluated("CLEAR", data, {"THRESHOLD": iou, "PRINT_CONFIG": False})


def identity(data: MetricInput, iou: float) -> dict[str, float]:
    """Return the identity scores for matches that overlap by at least ``iou``."""
    return _evaluated("Identity", data, {"THRESHOLD": iou, "PRINT_CONFIG": False})


def hota(data: MetricInput) -> dict[str, float]:
    """Return HOTA and its parts, means over the overlaps 0.05 to 0.95."""
    return _evaluated("HOTA", data, None)


def hota_curves(data: MetricInput) -> tuple[Float64, dict[str, Float64]]:
    """Return the overlaps, (19,), and HOTA, DetA and AssA at each."""
    values = _values("HOTA", data, None)
    curves = {name: np.asarray(values[name], np.float64) for name in ("HOTA", "DetA", "AssA")}
    return np.linspace(0.05, 0.95, len(curves["HOTA"])), curves


def _evaluated(metric: str, data: MetricInput, config: dict[str, Any] | None) -> dict[str, float]:
    return {name: float(np.mean(value)) for name, value in _values(metric, data, config).items()}


def _values(metric: str, data: MetricInput, config: dict[str, Any] | None) -> dict[str, Any]:
    try:
        metrics = importlib.import_module("trackeval.metrics")
    except ImportError as error:
        raise ResultsError(
            f"evaluate: expected the package trackeval (pip install 'phalp-triton[evaluate]'), got: {error}"
        ) from error
    scores: dict[str, Any] = getattr(metrics, metric)(config).eval_sequence(data)
    return scores
