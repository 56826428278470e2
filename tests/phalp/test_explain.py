from typing import Any

import numpy as np
import pytest

from tests.phalp.golden import Scenario
from tests.phalp.people import FRAME_SIZE, Person, nobody, people, walker
from tracker_service.errors import SettingsError
from tracker_service.phalp.explain import FrameExplanation, Outcome, TrackExplanation, explain
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import People, PersonState


def explained(
    frames: list[People], parameters: TrackerParameters | None = None, low_score: People | None = None
) -> FrameExplanation:
    """Return the explanation of the last frame."""
    parameters = parameters or TrackerParameters()
    tracker = Tracker(parameters)
    for time, given in enumerate(frames):
        last = time == len(frames) - 1
        tracker.update(given, time, FRAME_SIZE, low_score=low_score if last else None)
    assert tracker.decision is not None
    return explain(tracker.decision, parameters)


def of(explanation: FrameExplanation, track_id: int) -> TrackExplanation:
    return explanation.of_track(track_id).tracks[0]


@pytest.mark.parametrize("scenario", ["s1_crossing", "s3_long_occlusion", "s5_flicker", "s8_similar_people"])
def test_explained_assignment_is_what_the_tracker_did(scenario: str) -> None:
    golden = Scenario(scenario)
    parameters = TrackerParameters(live=True)
    tracker = Tracker(parameters)
    for frame in range(golden.number_of_frames):
        shot = frame in golden.shots
        persons = tracker.update(golden.people(frame), frame, golden.frame_size, shot)
        assert tracker.decision is not None
        explanation = explain(tracker.decision, parameters)
        seen = {p.track_id: p.detection_index for p in persons if p.state is PersonState.SEEN}
        told = {t.track_id: t.detection for t in explanation.tracks if t.detection is not None}
        assert told == seen
        continued = {(t.track_id, t.detection) for t in explanation.tracks if t.outcome is Outcome.CONTINUED}
        assert {(pair.track_id, pair.detection) for pair in explanation.pairs if pair.matched} == continued


def test_cost_of_a_pair_is_the_product_of_its_factors() -> None:
    frames = [people(walker(time, turn=0.1 * time), Person(900, look=3, depth=50 + time)) for time in range(6)]
    pairs = explained(frames).pairs
    assert len(pairs) == 4
    for pair in pairs:
        assert pair.cost == pytest.approx(np.prod(list(pair.factors.values())), rel=1e-12)
        assert min(pair.factors.values()) >= 1
        assert pair.cost is not None
        assert pair.matched == (pair.cost <= pair.threshold)


def test_first_person_gets_an_identity_because_no_track_was_alive() -> None:
    explanation = explained([nobody(), people(walker(0))])
    assert explanation.pairs == ()
    assert of(explanation, 1) == TrackExplanation(1, False, 0, 0, Outcome.NEW, 0, "no track was alive")


def test_new_identity_names_the_cheapest_track_and_the_threshold_it_exceeds() -> None:
    explanation = explained([people(walker(time)) for time in range(6)] + [people(walker(6), Person(1100, look=9))])
    new = of(explanation, 2)
    assert (new.outcome, new.detection) == (Outcome.NEW, 1)
    assert new.reason.startswith("its cheapest track, 1, costs ")
    assert new.reason.endswith(", above 100")


def test_new_identity_of_a_second_detection_nearby_says_which_detection_has_the_track() -> None:
    twin = [people(walker(6), Person(250, look=0))]
    new = of(explained([people(walker(time)) for time in range(6)] + twin), 2)
    assert new.reason.startswith("its cheapest track, 1, costs ")
    assert ", but continued with detection 0 for 1" in new.reason


def test_missed_track_says_that_nothing_was_detected_or_what_the_nearest_detection_costs() -> None:
    seen = [people(walker(time)) for time in range(6)]
    missed = of(explained([*seen, nobody()]), 1)
    assert (missed.outcome, missed.detection, missed.confirmed) == (Outcome.PREDICTED, None, True)
    assert missed.reason == "no detection in this frame"
    far = of(explained([*seen, people(Person(1200, look=7))]), 1)
    assert far.reason.startswith("its cheapest detection, 0, costs ")
    assert far.reason.endswith(", above 100")


@pytest.mark.parametrize(
    ("frames_seen", "ends_because"),
    [(6, "unseen for more than max_age_track 2 frames"), (1, "tentative, and missed more than 1 times in a row")],
)
def test_ended_track_says_which_limit_it_exceeded(frames_seen: int, ends_because: str) -> None:
    misses = 3 if frames_seen == 6 else 2
    frames = [people(walker(time)) for time in range(frames_seen)] + [nobody()] * misses
    ended = of(explained(frames, TrackerParameters(max_age_track=2, tentative_misses=1)), 1)
    assert ended.outcome is Outcome.ENDED
    assert ended.reason == f"no detection in this frame; {ends_because}"


def test_low_score_detection_that_continues_a_track_and_one_that_does_not() -> None:
    frames = [people(walker(time)) for time in range(6)] + [nobody()]
    explanation = explained(frames, low_score=people(walker(6, score=0.3), Person(1100, look=9, score=0.3)))
    track = of(explanation, 1)
    assert (track.outcome, track.detection) == (Outcome.CONTINUED, 0)
    assert track.reason.startswith("no detection in this frame; second association: detection 0 costs 1")
    assert [unused.detection for unused in explanation.unused] == [1]
    assert explanation.unused[0].reason.endswith("; it starts no track: low score")
    assert {pair.association for pair in explanation.pairs} == {"second"}


@pytest.mark.parametrize("compat", ["paper", "upstream"])
def test_given_identities_are_named_as_the_reason(compat: Any) -> None:
    frames = [people(Person(x, look=x, identity=4)) for x in (200, 201, 1200)]
    explanation = explained(frames, TrackerParameters(use_gt=True, compat=compat, tentative_misses=0))
    assert of(explanation, 1).outcome is Outcome.CONTINUED
    assert of(explanation, 1).reason == "detection 0 has the same given identity"


def test_explanation_of_one_track_keeps_its_pairs_and_its_rivals() -> None:
    frames = [people(walker(time), Person(900, look=3), Person(1100, look=5)) for time in range(6)]
    only = explained(frames).of_track(2)
    assert [track.track_id for track in only.tracks] == [2]
    assert {(pair.track_id, pair.detection) for pair in only.pairs} == {(1, 1), (2, 0), (2, 1), (2, 2), (3, 1)}


def test_unknown_track_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"track: expected one of frame 0 \(1\), got 8"):
        explained([people(walker(0))]).of_track(8)
