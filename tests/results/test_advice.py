"""What a run that found nobody says to try."""

from tracker_service.results.advice import advice_for_nobody
from tracker_service.types import DroppedDetections

PHALP = {"n_init": 5, "low_th_c": 0.3, "small_w": 0.0, "small_h": 0.0, "small_relative": 0.04, "presence_th": 0.7}


def test_the_gates_that_dropped_boxes_are_named_with_their_thresholds_and_counts() -> None:
    dropped = DroppedDetections(low_score=119, small=2, absent=0, duplicate=4)
    assert advice_for_nobody(dropped, PHALP) == (
        "--n-init 1 (now 5 sightings confirm a person); phalp.low_th_c below 0.3 (119 boxes dropped); "
        "phalp.small_relative below 0.04 (2 boxes dropped)"
    )


def test_where_nothing_was_dropped_and_one_sighting_is_enough_there_is_no_advice() -> None:
    assert advice_for_nobody(DroppedDetections(), {**PHALP, "n_init": 1}) == ""
