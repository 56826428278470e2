"""Tracking quality on real detections: our tracker, with terms left out, and other trackers, on the same boxes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.association.features import VideoFeatures, joined, load_features
from benchmarks.association.peers import PEERS, PeerMissing, Tracked, TrackedBoxes, track_with_peer
from tracker_service.evaluation.mot import TruthFrame, read_mot
from tracker_service.evaluation.mot_metrics import clear, hota, identity, metric_input, pair_frame
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.settings import load_settings
from tracker_service.types import People

SCORE_GATES = (0.3, 0.4, 0.5)


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to run our tracker.

    Attributes:
        name: as shown.
        parameters: of the tracker.
        second_pass: whether people below the score gate may continue tracks.
        longest_prediction: predicted people up to this age count as results, too.
        back_fill: whether records of frames before the confirmation count.
        camera: whether the tracker is told how the camera moved.
    """

    name: str
    parameters: TrackerParameters
    second_pass: bool = False
    longest_prediction: int = 0
    back_fill: bool = True
    camera: bool = True


def lite_parameters(**changes: Any) -> TrackerParameters:
    """Return the tracker's parameters for the lite model set, with ``changes``."""
    return load_settings({"model_set": "lite", "phalp": changes}).phalp


VARIANTS = (
    Variant("ours A+P+L", lite_parameters()),
    Variant("ours, camera not followed", lite_parameters(), camera=False),
    Variant("ours, no back-fill", lite_parameters(), back_fill=False),
    Variant("ours + predictions <= 3", lite_parameters(), longest_prediction=3),
    Variant("ours P+L", lite_parameters(predict="PL")),
    Variant("ours A+L", lite_parameters(predict="AL")),
    Variant("ours A+P", lite_parameters(predict="AP")),
    Variant("ours, tentative 0", lite_parameters(tentative_misses=0)),
    Variant("ours as upstream", lite_parameters(compat="upstream"), camera=False),
)


def footage_table(features_path: Path, truth_path: Path) -> list[dict[str, Any]]:
    """Return one row per tracker, each at the score gate with its best HOTA, best first."""
    features, truth = load_features(features_path), read_mot(truth_path)
    return scored_trackers(features, truth)


def scored_trackers(features: VideoFeatures, truth: dict[int, TruthFrame]) -> list[dict[str, Any]]:
    """Return one row per tracker, each at the score gate with its best HOTA, best first."""
    rows = []
    for name in (*(variant.name for variant in VARIANTS), *PEERS):
        runs: list[dict[str, Any]] = []
        for gate in SCORE_GATES:
            try:
                tracked = _run(name, features, gate)
            except PeerMissing as missing:
                runs.append({"tracker": name, "missing": str(missing)})
                break
            runs.append({"tracker": name, "score_gate": gate, **_scores(tracked, truth)})
        rows.append(max(runs, key=lambda run: run.get("HOTA", 0.0)))
    return sorted(rows, key=lambda row: -row.get("HOTA", 0.0))


def variant_scores(
    variant: Variant, features: VideoFeatures, gate: float, truth: dict[int, TruthFrame]
) -> dict[str, Any]:
    """Track the people above the score gate in one way and score it."""
    sure, low = gated(features, gate)
    return _scores(_track(variant, features, sure, low), truth)


def _run(name: str, features: VideoFeatures, gate: float) -> Tracked:
    sure, low = gated(features, gate)
    variant = next((variant for variant in VARIANTS if variant.name == name), None)
    if variant is None:
        # Peers know no doubtful detections: they get those that may start a track.
        return track_with_peer(name, [with_evidence(people).detections for people in sure])
    return _track(variant, features, sure, low)


def gated(features: VideoFeatures, gate: float) -> tuple[list[People], list[People]]:
    """Divide the people of every frame at another score gate: those above it, and the others."""
    sure, low = [], []
    for people, low_score in zip(features.people, features.low_score, strict=True):
        parts = [part.take(part.detections.scores > np.float32(gate)) for part in (people, low_score)]
        # A gate below the cached one only adds people of one list, one above it only takes them away.
        sure.append(joined(*parts))
        others = [part.take(part.detections.scores <= np.float32(gate)) for part in (people, low_score)]
        low.append(joined(*others))
    return sure, low


def with_evidence(people: People) -> People:
    """Return the people who may start a track of ours."""
    evidence = people.detections.scores + people.presence
    return people.take(evidence >= np.float32(lite_parameters().start_evidence))


def _track(variant: Variant, features: VideoFeatures, sure: Sequence[People], low: Sequence[People]) -> Tracked:
    tracker, size = Tracker(variant.parameters), features.frame_size
    motions = features.motions if variant.camera and features.motions is not None else [None] * len(sure)
    ids: list[list[int]] = [[] for _ in sure]
    boxes: list[list[Any]] = [[] for _ in sure]
    elapsed = 0.0
    for number, (people, low_score, motion) in enumerate(zip(sure, low, motions, strict=True)):
        start = time.perf_counter()
        others = low_score if variant.second_pass else None
        records = tracker.update(people, number, size, low_score=others, motion=motion)
        elapsed += time.perf_counter() - start
        for record in records:
            if record.age <= variant.longest_prediction and (variant.back_fill or record.frame_number == number):
                ids[record.frame_number].append(record.track_id)
                boxes[record.frame_number].append(record.box)
    frames = [
        (np.array(frame_ids, np.int64), np.array(frame_boxes, np.float32).reshape(-1, 4))
        for frame_ids, frame_boxes in zip(ids, boxes, strict=True)
    ]
    return Tracked(frames, 1000 * elapsed / max(len(sure), 1))


def _scores(tracked: Tracked, truth: dict[int, TruthFrame]) -> dict[str, Any]:
    nobody = TruthFrame.empty()
    pairs = [pair_frame(truth.get(k, nobody), *_with_sizes(frame)) for k, frame in enumerate(tracked.frames)]
    data = metric_input(pairs)
    clear_scores, identity_scores, hota_scores = clear(data, 0.5), identity(data, 0.5), hota(data)
    return {
        "HOTA": hota_scores["HOTA"],
        "AssA": hota_scores["AssA"],
        "IDF1": identity_scores["IDF1"],
        "MOTA": clear_scores["MOTA"],
        "id_switches": int(clear_scores["IDSW"]),
        "false": int(clear_scores["CLR_FP"]),
        "missed": int(clear_scores["CLR_FN"]),
        "identities": int(data["num_tracker_ids"]),
        "fps": 1000 / tracked.ms_per_frame,
    }


def _with_sizes(frame: TrackedBoxes) -> tuple[Any, Any]:
    ids, boxes = frame
    return ids, np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1).astype(np.float64)


def moving_table(still: tuple[Path, Path], moving: tuple[Path, Path]) -> list[dict[str, Any]]:
    """Return one row per tracker: its scores before a still and before a moving camera, best first.

    Args:
        still: cached features and truth of footage before a still camera.
        moving: those of the same footage before a moving one.
    """
    scored = [scored_trackers(load_features(cache), read_mot(truth)) for cache, truth in (still, moving)]
    before = {row["tracker"]: row for row in scored[0]}
    rows = []
    for row in scored[1]:
        known = before[row["tracker"]]
        if "missing" in row:
            rows.append(row)
            continue
        rows.append(
            {
                "tracker": row["tracker"],
                **{f"{score}_still": known[score] for score in ("HOTA", "IDF1")},
                **{f"{score}_moving": row[score] for score in ("HOTA", "IDF1")},
                "id_switches_moving": row["id_switches"],
            }
        )
    return sorted(rows, key=lambda row: -row.get("IDF1_moving", 0.0))
