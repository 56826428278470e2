"""How long one update of the tracker takes, by the number of people."""

import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.association.walkers import FRAME_SIZE, ObservationNoise, Walkers
from tracker_service.body.model import BodyModel
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import People

COUNTS = (1, 5, 20, 50)
_FRAMES = 300
_WARM_UP = 60
_MISSED = 0.1
_EMBEDDING = 4096


@dataclass(frozen=True, slots=True)
class Latency:
    """Time of one update.

    Attributes:
        people: people in the scene, one in ten of whom is missed in a frame.
        p50_ms, p99_ms: percentiles over the frames, milliseconds.
        cpu_p50_ms: median of the processor time, which other processes do not change.
        bytes_per_track: saved state per living track at the end.
    """

    people: int
    p50_ms: float
    p99_ms: float
    cpu_p50_ms: float
    bytes_per_track: int


def measure_latency(body: BodyModel, count: int) -> Latency:
    """Track ``count`` walkers whose features are given, with embeddings of PHALP's length."""
    frames = _scene(body, count)
    tracker = Tracker(TrackerParameters(), body=body)
    elapsed, busy = [], []
    for number, people in enumerate(frames):
        start, start_busy = time.perf_counter(), time.process_time()
        tracker.update(people, number, FRAME_SIZE)
        busy.append(1000 * (time.process_time() - start_busy))
        elapsed.append(1000 * (time.perf_counter() - start))
    p50, p99 = np.percentile(elapsed[_WARM_UP:], [50, 99])
    size = sum(array.nbytes for array in tracker.snapshot().arrays.values())
    return Latency(
        count, float(p50), float(p99), float(np.median(busy[_WARM_UP:])), size // max(len(tracker.tracks), 1)
    )


def latency_table(body: BodyModel) -> list[dict[str, Any]]:
    """Return the latencies for all counts."""
    return [asdict(measure_latency(body, count)) for count in COUNTS]


def _scene(body: BodyModel, count: int) -> list[People]:
    rng = np.random.default_rng(count)
    walkers = Walkers(body, count, _FRAMES, seed=count)
    looks = rng.normal(size=(count, _EMBEDDING)) * 9
    frames = []
    for frame in range(_FRAMES):
        rows = np.flatnonzero(rng.random(count) >= _MISSED)
        appearance = looks[rows] + rng.normal(size=(len(rows), _EMBEDDING)) * 3
        frames.append(walkers.observed(walkers.truth(frame), rows, ObservationNoise(), appearance.astype(np.float32)))
    return frames
