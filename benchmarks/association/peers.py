"""Other trackers on the same detections; none of them is a dependency of the service.

They are in the extra ``benchmark``; ``norfair`` asks for NumPy 1 although it runs with NumPy 2, hence apart:
``pip install 'phalp-triton[benchmark]' && pip install --no-deps norfair==2.3.0``.
"""

import importlib
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from tracker_service.types import Detections, Float32, Int64

TrackedBoxes: TypeAlias = tuple[Int64, Float32]
"""Identities (n,) and boxes (n, 4), x1 y1 x2 y2, of one frame."""

_Step: TypeAlias = Callable[[Detections], TrackedBoxes]


@dataclass(frozen=True, slots=True)
class Tracked:
    """What a tracker said.

    Attributes:
        frames: identities and boxes of every frame.
        ms_per_frame: mean time of one update.
    """

    frames: list[TrackedBoxes]
    ms_per_frame: float


class PeerMissing(ImportError):  # noqa: N818
    """The package of a peer is not installed."""


PEERS = ("SORT", "ByteTrack", "OC-SORT", "norfair")


def track_with_peer(name: str, frames: Sequence[Detections]) -> Tracked:
    """Track boxes and scores with a peer; raises `PeerMissing`.

    Settings are the package's defaults, except that its own score gates are opened, as the detections are gated before,
    and that norfair, which has no default distance, gets overlap with a threshold of 0.7. Nothing else was tuned.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        step = _norfair() if name == "norfair" else _of_trackers(name)
        start = time.perf_counter()
        said = [step(detections) for detections in frames]
        elapsed = time.perf_counter() - start
    return Tracked(said, 1000 * elapsed / max(len(frames), 1))


def _of_trackers(name: str) -> _Step:
    package, supervision = _import("trackers"), _import("supervision")
    # Detections are gated before; ByteTrack alone distinguishes sure from doubtful ones, at its own thresholds.
    tracker = {
        "SORT": lambda: package.SORTTracker(track_activation_threshold=0.0),
        "ByteTrack": lambda: package.ByteTrackTracker(track_activation_threshold=0.5, high_conf_det_threshold=0.4),
        "OC-SORT": lambda: package.OCSORTTracker(high_conf_det_threshold=0.0),
    }[name]()

    def step(detections: Detections) -> TrackedBoxes:
        given = supervision.Detections(
            xyxy=detections.boxes.copy(),
            confidence=detections.scores.copy(),
            class_id=np.zeros(len(detections), int),
        )
        said = tracker.update(given)
        ids = np.full(len(said), -1) if said.tracker_id is None else np.asarray(said.tracker_id)
        return ids[ids >= 0].astype(np.int64), said.xyxy[ids >= 0].astype(np.float32)

    return step


def _norfair() -> _Step:
    package = _import("norfair")
    tracker = package.Tracker(distance_function="iou", distance_threshold=0.7)

    def step(detections: Detections) -> TrackedBoxes:
        given = [
            package.Detection(points=box.reshape(2, 2), scores=np.repeat(score, 2))
            for box, score in zip(detections.boxes, detections.scores, strict=True)
        ]
        # Tracks carried on without a detection are left out: the other trackers report sightings only, too.
        said = [track for track in tracker.update(detections=given) if any(track.last_detection is d for d in given)]
        boxes = np.array([track.estimate.reshape(4) for track in said], np.float32).reshape(-1, 4)
        return np.array([track.id for track in said], np.int64), boxes

    return step


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise PeerMissing(f"{name}: pip install 'phalp-triton[benchmark]' (norfair: with --no-deps)") from error
