from collections import defaultdict

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.phalp.people import FRAME_SIZE, Person, people
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import PersonState, TrackedPerson

LIMIT = 100.0


def scene(seed: int, frames: int, crowd: int, miss: float) -> list[list[Person]]:
    """People who walk at random and are missed at random, frame by frame."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 1280, crowd), rng.uniform(200, 500, crowd)
    dx, dy = rng.normal(0, 5, (2, crowd))
    depth = rng.uniform(20, 90, crowd)
    shown = []
    for _ in range(frames):
        x, y = x + dx + rng.normal(0, 1, crowd), y + dy + rng.normal(0, 1, crowd)
        seen = np.flatnonzero(rng.random(crowd) > miss)
        shown.append([Person(x[i], y[i], depth[i], look=i, turn=0.1 * i) for i in seen.tolist()])
    return shown


scenes = st.builds(
    scene, st.integers(0, 10**6), st.integers(5, 30), st.integers(0, 6), st.sampled_from([0.0, 0.2, 0.5])
)


@given(scenes, st.sampled_from(["paper", "upstream"]), st.integers(0, 12))
@settings(max_examples=40)
def test_lifetimes_and_identities(frames: list[list[Person]], compat: str, max_age: int) -> None:
    tracker = Tracker(TrackerParameters(max_age_track=max_age, compat=compat))  # type: ignore[arg-type]
    ended: set[int] = set()
    living: set[int] = set()
    for time, persons in enumerate(frames):
        records = tracker.update(people(*persons), time, FRAME_SIZE)
        now = [record for record in records if record.frame_number == time]
        assert [record.track_id for record in now] == sorted({record.track_id for record in now})
        assert all(record.age <= max_age for record in records)
        rows = [record.detection_index for record in now if record.state is PersonState.SEEN]
        assert len(set(rows)) == len(rows)
        assert tracker.decision is not None
        cost = tracker.decision.first.association.cost
        assert not np.isnan(cost).any()
        assert (cost >= 1).all() or compat == "upstream"
        ended |= living - set(tracker.tracks.track_id.tolist())
        living = set(tracker.tracks.track_id.tolist())
        assert not ended & living


@given(scenes)
@settings(max_examples=30)
def test_a_confirmed_person_has_exactly_one_record_a_frame(frames: list[list[Person]]) -> None:
    tracker = Tracker(TrackerParameters(least_visible=0.0))
    recorded: dict[int, list[int]] = defaultdict(list)
    final_before = 0
    for time, persons in enumerate(frames):
        for record in tracker.update(people(*persons), time, FRAME_SIZE):
            assert record.frame_number >= final_before
            recorded[record.track_id].append(record.frame_number)
        pending = tracker.pending_since
        final_before = time + 1 if pending is None else max(final_before, pending)
    for numbers in recorded.values():
        assert sorted(numbers) == list(range(min(numbers), max(numbers) + 1))


def partition(frames: list[list[Person]], orders: list[list[int]]) -> set[frozenset[tuple[int, int]]]:
    """Track the frames with permuted detections; return the sightings of each track, as rows before permutation."""
    tracker = Tracker(TrackerParameters(n_init=1))
    tracks: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for time, (persons, order) in enumerate(zip(frames, orders, strict=True)):
        records: tuple[TrackedPerson, ...] = tracker.update(people(*(persons[i] for i in order)), time, FRAME_SIZE)
        for record in records:
            if record.state is PersonState.SEEN:
                tracks[record.track_id].add((time, order[record.detection_index]))
        # Pairs at the threshold are ties, and ties are decided by the order of detections.
        assert tracker.decision is not None
        assume(not np.isclose(tracker.decision.first.association.cost, LIMIT, rtol=1e-3).any())
    return {frozenset(sightings) for sightings in tracks.values()}


@given(scenes, st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_permuting_detections_permutes_the_result(frames: list[list[Person]], random: object) -> None:
    orders = [list(range(len(persons))) for persons in frames]
    shuffled = [list(order) for order in orders]
    for order in shuffled:
        random.shuffle(order)  # type: ignore[attr-defined]
    assert partition(frames, orders) == partition(frames, shuffled)
