"""What happens to people nobody sees for a while: are they recognised, and how good is the prediction meanwhile."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.association.walkers import FRAME_SIZE, ObservationNoise, Truth, Walkers
from tracker_service.body.joints import JOINT_INDEX
from tracker_service.body.model import BodyModel
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import PersonState, TrackedPerson
from tracker_service.types.phalp_vectors import NUMBER_OF_HMR_JOINTS

GAPS = (1, 2, 5, 10, 20, 30, 40, 50, 60)
AGES = (1, 2, 5, 10, 20, 30, 40, 50)
_PEOPLE = 8
_HIDDEN = 4
_BEFORE = 25
_AFTER = 12
_JOINTS = slice(NUMBER_OF_HMR_JOINTS)
_PELVIS = JOINT_INDEX["pelvis_mpii"]


@dataclass(slots=True)
class Outcome:
    """Sums over many occlusions with one set of parameters.

    Attributes:
        kept: by gap, for each hidden person whether the identity after the gap is the one before it.
        pixels: by age, mean distance of predicted and true joints in the picture, relative to the person's height.
        metres: by age, mean distance of the joints relative to the pelvis, metres.
        switches: by gap, identities of people who were never hidden that changed.
    """

    kept: dict[int, list[bool]] = field(default_factory=lambda: defaultdict(list))
    pixels: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    metres: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    switches: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def occlusion_stress(body: BodyModel, parameters: TrackerParameters, seeds: int) -> Outcome:
    """Hide half of a crossing crowd for every gap and seed."""
    outcome = Outcome()
    for gap in GAPS:
        for seed in range(seeds):
            _hide(Walkers(body, _PEOPLE, _BEFORE + gap + _AFTER, 1000 * gap + seed), gap, outcome, parameters, body)
    return outcome


def occlusion_table(body: BodyModel, seeds: int) -> dict[str, list[dict[str, Any]]]:
    """Compare our tracker with upstream's behaviour on the same occlusions."""
    ours = occlusion_stress(body, TrackerParameters(), seeds)
    upstream = occlusion_stress(body, TrackerParameters(compat="upstream"), seeds)
    identities = [
        {
            "missed_frames": gap,
            "kept_percent": _percent(ours.kept[gap]),
            "kept_percent_upstream": _percent(upstream.kept[gap]),
            "visible_switches": ours.switches[gap],
            "visible_switches_upstream": upstream.switches[gap],
        }
        for gap in GAPS
    ]
    predictions = [
        {
            "age": age,
            "joints_percent_of_height": 100 * float(np.mean(ours.pixels[age])),
            "joints_percent_of_height_stale": 100 * float(np.mean(upstream.pixels[age])),
            "pose_mm": 1000 * float(np.mean(ours.metres[age])),
            "pose_mm_stale": 1000 * float(np.mean(upstream.metres[age])),
        }
        for age in AGES
    ]
    return {"identities": identities, "predictions": predictions}


def _hide(walkers: Walkers, gap: int, outcome: Outcome, parameters: TrackerParameters, body: BodyModel) -> None:
    tracker = Tracker(parameters, body=body)
    everybody, visible = np.arange(_PEOPLE), np.arange(_HIDDEN, _PEOPLE)
    before: dict[int, int] = {}
    after: dict[int, int] = {}
    for frame in range(walkers.frames):
        rows = visible if _BEFORE <= frame < _BEFORE + gap else everybody
        truth = walkers.truth(frame)
        people = walkers.observed(truth, rows, ObservationNoise())
        records = [r for r in tracker.update(people, frame, FRAME_SIZE) if r.frame_number == frame]
        seen = {int(rows[r.detection_index]): r.track_id for r in records if r.state is PersonState.SEEN}
        if frame < _BEFORE:
            before.update(seen)
        elif frame >= _BEFORE + gap:
            after.update(seen)
        elif (age := frame - _BEFORE + 1) in AGES:
            _compare(records, truth, before, age, outcome)
    for person in range(_HIDDEN):
        outcome.kept[gap].append(before.get(person) == after.get(person, -1))
    outcome.switches[gap] += sum(before.get(person) != after.get(person) for person in visible.tolist())


def _compare(records: list[TrackedPerson], truth: Truth, before: dict[int, int], age: int, outcome: Outcome) -> None:
    """Compare the predicted joints of hidden people with the truth."""
    person_of = {track_id: person for person, track_id in before.items()}
    for record in records:
        person = person_of.get(record.track_id, _PEOPLE)
        if record.state is PersonState.SEEN or person >= _HIDDEN or record.age != age:
            continue
        true_2d, true_3d = truth.joints_2d[person, _JOINTS], truth.joints_3d[person, _JOINTS]
        height = np.ptp(true_2d[:, 1])
        outcome.pixels[age].append(float(np.linalg.norm(record.joints_2d[_JOINTS] - true_2d, axis=1).mean() / height))
        ours = record.joints_3d[_JOINTS] - record.joints_3d[_PELVIS]
        outcome.metres[age].append(float(np.linalg.norm(ours - (true_3d - true_3d[_PELVIS]), axis=1).mean()))


def _percent(values: list[bool]) -> float:
    return 100 * float(np.mean(values))
