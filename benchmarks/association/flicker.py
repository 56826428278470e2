"""People who are detected irregularly, among false detections: what surviving misses of unconfirmed tracks brings."""

from typing import Any

import numpy as np

from benchmarks.association.features import joined
from benchmarks.association.walkers import FRAME_SIZE, ObservationNoise, Walkers
from tracker_service.body.model import BodyModel
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Int64, PersonState

_PEOPLE = 5
_FRAMES = 100
_FALSE_PER_FRAME = 0.5
_RATES = (0.5, 0.64, 0.8, 0.95)
_MISSES = (0, 1, 2, 3, 5, 8)


def flicker_table(body: BodyModel, seeds: int) -> list[dict[str, Any]]:
    """Return, by detection rate and survived misses, the coverage of people and the number of false tracks.

    Coverage is the share of people's frames with a record of theirs, seen or predicted; a false track is one that
    reports no person at all, counted per 100 frames.
    """
    return [
        {"detected_percent": 100 * rate, "tentative_misses": misses, **_measure(body, rate, misses, seeds)}
        for rate in _RATES
        for misses in _MISSES
    ]


def _measure(body: BodyModel, rate: float, misses: int, seeds: int) -> dict[str, float]:
    runs = [_run(body, rate, TrackerParameters(tentative_misses=misses), seed) for seed in range(seeds)]
    covered, false = np.mean(runs, axis=0)
    return {"coverage_percent": 100 * float(covered), "false_tracks": float(false) * 100 / _FRAMES}


def _run(body: BodyModel, rate: float, parameters: TrackerParameters, seed: int) -> tuple[float, int]:
    rng = np.random.default_rng(seed)
    walkers = Walkers(body, _PEOPLE, _FRAMES, seed)
    # False detections are people of another scene, each shown for one frame somewhere in the picture.
    clutter = Walkers(body, 20, _FRAMES, 10_000 + seed)
    tracker = Tracker(parameters, body=body)
    detected: list[Int64] = []
    frames_of: dict[int, set[int]] = {}
    person_of: dict[int, int] = {}
    for frame in range(_FRAMES):
        rows = np.flatnonzero(rng.random(_PEOPLE) < rate)
        seen = walkers.observed(walkers.truth(frame), rows, ObservationNoise())
        wrong = rng.choice(20, rng.poisson(_FALSE_PER_FRAME), replace=False)
        elsewhere = clutter.truth(int(rng.integers(_FRAMES)))
        people = joined(seen, clutter.observed(elsewhere, wrong, ObservationNoise()))
        detected.append(rows)
        for record in tracker.update(people, frame, FRAME_SIZE):
            frames_of.setdefault(record.track_id, set()).add(record.frame_number)
            people_then = detected[record.frame_number].tolist()
            if record.state is PersonState.SEEN and record.detection_index < len(people_then):
                person_of.setdefault(record.track_id, people_then[record.detection_index])
    covered = {(person, f) for track, person in person_of.items() for f in frames_of[track]}
    return len(covered) / (_PEOPLE * _FRAMES), len(frames_of.keys() - person_of.keys())
