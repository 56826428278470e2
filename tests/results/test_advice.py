"""What a run says to try that found nobody, or whose poses cannot be used."""

import numpy as np

from tests.results.frames import frame_result, placed, tracked_person
from tracker_service.results.advice import advice_for_nobody, advice_on_places, advice_on_quality
from tracker_service.results.statistics.quality import QualityCounts
from tracker_service.results.statistics.world import WorldCounts
from tracker_service.types import DroppedDetections, PoseQuality, QualityReason, Usability, WorldDoubt

PHALP = {"n_init": 5, "low_th_c": 0.3, "small_w": 0.0, "small_h": 0.0, "small_relative": 0.04, "presence_th": 0.7}


def test_the_gates_that_dropped_boxes_are_named_with_their_thresholds_and_counts() -> None:
    dropped = DroppedDetections(low_score=119, small=2, absent=0, duplicate=4)
    assert advice_for_nobody(dropped, PHALP) == (
        "--n-init 1 (now 5 sightings confirm a person); phalp.low_th_c below 0.3 (119 boxes dropped); "
        "phalp.small_relative below 0.04 (2 boxes dropped)"
    )


def test_where_nothing_was_dropped_and_one_sighting_is_enough_there_is_no_advice() -> None:
    assert advice_for_nobody(DroppedDetections(), {**PHALP, "n_init": 1}) == ""


def counted(*reasons: tuple[QualityReason, ...], age: int = 0) -> QualityCounts:
    """Count one person a frame, with these reasons."""
    counts = QualityCounts()
    for each in reasons:
        usability = Usability.DOUBTFUL if each else Usability.USABLE
        quality = PoseQuality(usability, each, None, np.ones(45, np.float32))
        counts.add(tracked_person(age=age, quality=quality))
    return counts


def test_frequent_reasons_come_with_advice_the_most_frequent_first() -> None:
    small, dark = QualityReason.SMALL, QualityReason.DARK
    counts = counted((small, dark), (small,), (), ())
    assert advice_on_quality(counts) == [
        "people small in 50% of the frames they are seen in: film closer",
        "people dark in 25% of the frames they are seen in: film with more light",
    ]


def test_rare_reasons_and_those_of_predicted_people_come_without_advice() -> None:
    assert advice_on_quality(counted((QualityReason.SMALL,), *[()] * 9)) == []
    assert advice_on_quality(counted((QualityReason.SMALL,), age=3)) == []


def test_counts_go_on_where_they_were_taken() -> None:
    counts = counted((QualityReason.SMALL,), ())
    assert QualityCounts.from_json(counts.to_json()) == counts


def test_frequent_doubts_of_places_come_with_advice_and_counts_go_on_where_they_were_taken() -> None:
    counts, small, crouched = WorldCounts(), WorldDoubt.SMALL, WorldDoubt.CROUCHED
    persons = [
        tracked_person(one, world=placed(*doubts)) for one, doubts in enumerate(((crouched, small), (crouched,), ()))
    ]
    counts.add(frame_result(0, *persons, tracked_person(7), tracked_person(8, age=2, world=placed(small))))
    assert (counts.placed, counts.reliable, counts.assumed) == (3, 1, 3)
    assert advice_on_places(counts) == [
        "places in the world are not reliable because people crouch (67% of them): use poses, not distances",
        "places in the world are not reliable because people are small (33% of them): film closer",
    ]
    assert WorldCounts.from_json(counts.to_json()) == counts
    assert advice_on_places(WorldCounts.from_json({})) == []
