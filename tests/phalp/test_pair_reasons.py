"""Why a pair never or always matches, a detection continues nobody, and a track is lost, as `explain` says it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.phalp.golden import Scenario
from tests.phalp.people import FRAME_SIZE, Person, nobody, people, walker
from tracker_service.phalp.association import associate
from tracker_service.phalp.cost import CostTerms, combine
from tracker_service.phalp.explain import NOT_REPORTED, FrameExplanation, Outcome, PairExplanation, explain
from tracker_service.phalp.pair_reasons import PairReasons, PairRule
from tracker_service.phalp.state.decision import AssociationStep, PairLimits
from tracker_service.phalp.state.sightings import Sightings
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import Compatibility, TrackerParameters
from tracker_service.types import ExpectedPeople, Float32, FoundPeople, People, PersonState

DOUBTFUL: dict[str, Any] = {"score": 0.6, "presence": 0.0}
LACKING = "it starts no track: score 0.60 + presence 0.00, less than start_evidence 1.2"


def after(
    *shown: People, before: int = 8, parameters: TrackerParameters | None = None, **last: Any
) -> FrameExplanation:
    """Follow a walker for some frames, then show the given people; explain the last frame, updated with ``last``."""
    tracker = Tracker(parameters or TrackerParameters())
    frames = [*(people(walker(time)) for time in range(before)), *shown]
    for time, given in enumerate(frames):
        tracker.update(given, time, FRAME_SIZE, **(last if time == len(frames) - 1 else {}))
    assert tracker.decision is not None
    return explain(tracker.decision, tracker.parameters)


def pair_of(explanation: FrameExplanation, track_id: int, detection: int) -> PairExplanation:
    (pair,) = [pair for pair in explanation.pairs if (pair.track_id, pair.detection) == (track_id, detection)]
    return pair


def test_a_pair_barred_by_its_place_says_so_though_its_factors_are_cheap() -> None:
    explanation = after(people(walker(8, cut=0.8, **DOUBTFUL)))
    pair = pair_of(explanation, 1, 0)
    assert pair.rule is PairRule.OVERLAP
    assert pair.overlap is not None
    assert pair.overlap < 0.3
    assert (pair.cost, pair.matched, pair.threshold) == (None, False, 10)
    assert np.prod(list(pair.factors.values())) < pair.threshold
    barred = f"detection 0 overlaps the box expected of track 1 by {pair.overlap:.2f}, less than 0.3"
    assert explanation.tracks[0].reason == f"no detection in this frame; second association: {barred}"
    assert [unused.reason for unused in explanation.unused] == [f"{barred}; {LACKING}"]


def test_a_body_that_is_not_believed_is_matched_by_its_place() -> None:
    explanation = after(people(walker(8, look=9, turn=3, **DOUBTFUL)))
    pair = pair_of(explanation, 1, 0)
    assert (pair.rule, pair.matched) == (PairRule.PLACE, True)
    assert pair.cost == pytest.approx(2 * pair.factors["location"] * pair.factors["depth"], rel=1e-12)
    assert explanation.tracks[0].reason.endswith(f"costs {pair.cost:.4g} by the place alone, at most 10")


def test_whom_a_second_look_finds_is_compared_with_the_track_it_looked_for() -> None:
    def look(wanted: ExpectedPeople, _taken: Float32) -> FoundPeople:
        assert wanted.track_id.tolist() == [1, 2]
        return FoundPeople(people(walker(8)), np.array([1]))

    tracker = Tracker(TrackerParameters())
    for time in range(8):
        tracker.update(people(walker(time), Person(900, look=3)), time, FRAME_SIZE)
    tracker.update(nobody(), 8, FRAME_SIZE, look_again=look)
    assert tracker.decision is not None
    explanation = explain(tracker.decision, tracker.parameters)
    other = pair_of(explanation, 2, 0)
    assert (other.rule, other.cost, other.matched) == (PairRule.ANOTHER_TRACK, None, False)
    found, missed = explanation.tracks
    assert found.reason.startswith("no detection in this frame; second look: detection 0 costs 1")
    barred = "second look: detection 0 was found where another track than 2 was looked for"
    assert missed.reason == f"no detection in this frame; {barred}"


@pytest.mark.parametrize("compat", ["paper", "upstream"])
def test_given_identities_bar_and_decide_pairs_instead_of_their_cost(compat: Compatibility) -> None:
    parameters = TrackerParameters(use_gt=True, compat=compat)
    tracker = Tracker(parameters)
    for time in range(2):
        first, second = Person(200, look=1, identity=4), Person(900, look=2, identity=5 + time)
        tracker.update(people(first, second), time, FRAME_SIZE)
    assert tracker.decision is not None
    explanation = explain(tracker.decision, parameters)
    assert [pair.rule for pair in explanation.pairs] == [PairRule.SAME_IDENTITY, *[PairRule.OTHER_IDENTITY] * 3]
    assert {pair.cost for pair in explanation.pairs} == {None}
    kept, missed, new = explanation.tracks
    assert kept.reason == "detection 0 has the same given identity"
    differ = "have different given identities"
    assert missed.reason.startswith(f"track 2 and detection 0 {differ}; track 2 and detection 1 {differ}")
    assert new.reason == f"track 1 and detection 1 {differ}; track 2 and detection 1 {differ}"


def test_a_second_detection_of_a_given_identity_says_which_one_has_the_track() -> None:
    twice = people(*(Person(x, identity=4) for x in (200, 210)))
    parameters = TrackerParameters(use_gt=True)
    _, new = after(people(Person(200, identity=4)), twice, before=0, parameters=parameters).tracks
    taken = "but continued with detection 0, by their given identities"
    assert new.reason == f"track 1 has the same given identity, {taken}"


def test_a_pair_with_a_term_that_is_not_a_number_is_not_compared() -> None:
    one = np.ones((1, 1))
    terms = CostTerms(one, one, one, one, one, one * np.nan, one)
    parameters = TrackerParameters()
    association = associate(combine(terms, parameters), parameters.hungarian_th)
    step = AssociationStep.of(
        np.array([7]), Sightings.of(people(walker(0))), parameters.hungarian_th, terms, association, PairLimits()
    )
    reasons = PairReasons(step, parameters, shot=False)
    assert (reasons.rule(0, 0), reasons.cost(0, 0)) == (PairRule.UNDEFINED, None)
    assert reasons.why_missed(0) == "track 7 and detection 0 cannot be compared: a term is not a number"


@pytest.mark.parametrize(
    ("shown", "last", "compat", "why"),
    [
        ({**DOUBTFUL, "score": 0.35}, {}, "paper", "its score is at most doubtful_score 0.4, its presence below 0.7"),
        (DOUBTFUL, {"shot": True}, "paper", "on the first frame of a shot such detections continue none"),
        (DOUBTFUL, {}, "upstream", 'compat="upstream" leaves such detections out'),
    ],
)
def test_a_detection_that_was_compared_with_nobody_says_why(
    shown: dict[str, Any], last: dict[str, Any], compat: Compatibility, why: str
) -> None:
    explanation = after(people(walker(8, **shown)), parameters=TrackerParameters(compat=compat), **last)
    (unused,) = explanation.unused
    assert unused.detection == 0
    assert unused.reason.startswith("it starts no track: score 0.")
    assert unused.reason.endswith(why)


def test_a_doubtful_detection_for_which_no_confirmed_track_is_left_says_so() -> None:
    explanation = after(people(walker(8), Person(900, **DOUBTFUL)), low_score=people(Person(1100, score=0.3)))
    none_left = "no confirmed track was left over for it"
    assert [(unused.detection, unused.reason) for unused in explanation.unused] == [
        (1, f"{LACKING}; {none_left}"),
        (2, f"it starts no track: low score; {none_left}"),
    ]


def test_a_detection_that_is_not_finite_is_named() -> None:
    broken = people(walker(8), Person(900))
    broken = replace(broken, appearance=broken.appearance * np.array([[1], [np.nan]], np.float32))
    (unused,) = after(broken).unused
    assert (unused.detection, unused.reason) == (1, "its pose, place or appearance is not a finite number")


def test_a_track_whose_place_is_uncertain_is_lost() -> None:
    explanation = after(*[nobody()] * 3, parameters=TrackerParameters(lost_uncertainty=0.01))
    assert explanation.tracks[0].outcome is Outcome.LOST
    where = "more than lost_uncertainty 0.01 body heights from where it is expected"
    assert explanation.tracks[0].reason == f"no detection in this frame; lost: it may be {where}"


def test_a_track_that_second_looks_did_not_find_is_lost() -> None:
    parameters = TrackerParameters(empty_looks=1)
    explanation = after(nobody(), parameters=parameters, look_again=lambda _wanted, _taken: None)
    assert explanation.tracks[0].outcome is Outcome.LOST
    assert explanation.tracks[0].reason.endswith("; lost: empty_looks 1 second looks found nobody there")


@pytest.mark.parametrize("scenario", ["s3_long_occlusion", "s5_flicker"])
def test_what_is_said_of_confirmed_tracks_is_what_is_reported(scenario: str) -> None:
    golden, tracker = Scenario(scenario), Tracker(TrackerParameters())
    for frame in range(golden.number_of_frames):
        records = tracker.update(golden.people(frame), frame, golden.frame_size, frame in golden.shots)
        assert tracker.decision is not None
        explanation = explain(tracker.decision, tracker.parameters)
        said = {
            track.track_id: (track.detection, track.outcome is Outcome.LOST)
            for track in explanation.tracks
            if track.outcome is not Outcome.ENDED and NOT_REPORTED not in track.reason
        }
        confirmed = set(tracker.tracks.track_id[tracker.tracks.confirmed].tolist())
        reported = {
            record.track_id: (
                record.detection_index if record.state is PersonState.SEEN else None,
                record.state is PersonState.LOST,
            )
            for record in records
            if record.frame_number == frame
        }
        assert reported == {track_id: what for track_id, what in said.items() if track_id in confirmed}
