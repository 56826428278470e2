"""Which box near an expected place is taken."""

import numpy as np
import pytest

from tracker_service.pipeline.second_look.choice import Reach, best_box, of_people, without_rivals
from tracker_service.types import Detections, Float32

EXPECTED: Float32 = np.array([100, 100, 140, 200], np.float32)
REACH = Reach(distance=0.5, ratio=1.8)


def found(*boxes: tuple[float, float, float, float], scores: tuple[float, ...]) -> Detections:
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32))


def moved(distance: float) -> tuple[float, float, float, float]:
    return (100 + distance, 100, 140 + distance, 200)


def best(detections: Detections, factor: float = 1.0) -> int | None:
    answer = best_box(detections, EXPECTED, Reach(REACH.distance, REACH.ratio, factor))
    return None if answer is None else answer[0]


def test_nobody_is_chosen_of_nobody() -> None:
    assert best(found(scores=())) is None


@pytest.mark.parametrize(("distance", "factor", "chosen"), [(45, 1, 0), (55, 1, None), (55, 1.3, 0), (55, 1.05, None)])
def test_the_reach_grows_with_the_missed_frames(distance: float, factor: float, chosen: int | None) -> None:
    assert best(found(moved(distance), scores=(0.9,)), factor) == chosen


@pytest.mark.parametrize(("height", "chosen"), [(60, 0), (50, None), (175, 0), (185, None)])
def test_somebody_of_another_size_is_not_chosen(height: float, chosen: int | None) -> None:
    box = (100.0, 150 - height / 2, 140.0, 150 + height / 2)
    assert best(found(box, scores=(0.9,))) == chosen


def test_a_near_box_is_worth_more_than_a_far_one_of_a_slightly_higher_score() -> None:
    assert best(found(moved(40), moved(5), scores=(0.5, 0.4))) == 1
    assert best(found(moved(40), moved(5), scores=(0.7, 0.4))) == 0


def test_boxes_of_people_who_were_seen_are_known() -> None:
    boxes = found(moved(0), moved(30), scores=(0.5, 0.4))
    assert of_people(boxes, np.array([moved(2)], np.float32)).tolist() == [True, False]
    assert of_people(boxes, np.zeros((0, 4), np.float32)).tolist() == [False, False]


def test_of_two_finds_of_one_person_the_better_one_stays() -> None:
    boxes = np.array([moved(0), moved(4), moved(200)], np.float32)
    assert without_rivals(boxes, np.array([0.1, 0.3, -0.2])) == [1, 2]
    assert without_rivals(boxes[:0], np.zeros(0)) == []
