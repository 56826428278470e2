import numpy as np
import pytest

from tracker_service.errors import SettingsError
from tracker_service.people.gates import Gates
from tracker_service.types import Detections


def detection(width: float, height: float, score: float) -> Detections:
    return Detections(np.array([[10, 10, 10 + width, 10 + height]], np.float32), np.array([score], np.float32))


SIZE = (640, 480)


@pytest.mark.parametrize(
    ("gates", "width", "height", "score", "too_low", "too_small"),
    [
        (Gates(0.8, 0, 0), 60, 120, 0.81, False, False),
        (Gates(0.8, 0, 0), 60, 120, 0.8, True, False),
        (Gates(0.8, 0, 0), 60, 120, 0.5, True, False),
        (Gates(0.8, 0, 0, second_pass=True, second_pass_th=0.4), 60, 120, 0.5, False, False),
        (Gates(0.0, 0, 0), 1, 1, 0.01, False, False),
        (Gates(0.0, small_w=50, small_h=100), 50, 100, 0.9, False, False),
        (Gates(0.0, small_w=50, small_h=100), 49, 200, 0.9, False, True),
        (Gates(0.0, small_w=50, small_h=100), 200, 99, 0.9, False, True),
        (Gates(0.0, 0, 0, small_relative=0.1), 5, 48, 0.9, False, False),
        (Gates(0.0, 0, 0, small_relative=0.1), 400, 47, 0.9, False, True),
        (Gates(0.0, 0, 100, small_relative=0.1), 30, 60, 0.9, False, True),
        (Gates(0.8, small_w=50, small_h=100), 10, 10, 0.1, True, True),
    ],
)
def test_detection_is_compared_with_the_score_and_size_gates(
    gates: Gates, width: float, height: float, score: float, too_low: bool, too_small: bool
) -> None:
    found = detection(width, height, score)
    assert gates.too_low(found).tolist() == [too_low]
    assert gates.too_small(found, SIZE).tolist() == [too_small]


def test_detection_between_the_two_scores_starts_no_track() -> None:
    gates = Gates(0.8, second_pass=True, second_pass_th=0.4)
    assert gates.confident(detection(60, 120, 0.81)).tolist() == [True]
    assert gates.confident(detection(60, 120, 0.8)).tolist() == [False]


def test_person_whom_the_body_model_does_not_see_is_absent() -> None:
    absent = Gates(0.5, 0, 0, presence_th=0.3).absent(np.array([0.3, 0.29, 1.0], np.float32))
    assert absent.tolist() == [False, True, False]


def test_given_boxes_pass_all_gates_but_those_of_size() -> None:
    gates = Gates(0.8, small_w=50, small_h=100, small_relative=0.5, presence_th=0.3).of_given_boxes()
    assert gates.too_low(detection(60, 300, 0.01)).tolist() == [False]
    assert gates.confident(detection(60, 300, 0.01)).tolist() == [True]
    assert gates.absent(np.zeros(1, np.float32)).tolist() == [False]
    assert [gates.too_small(detection(60, height, 1), SIZE).item() for height in (239, 240)] == [True, False]


def test_empty_frame_has_nothing_to_remove() -> None:
    gates = Gates(0.5, small_w=50, small_h=0)
    assert gates.too_low(Detections.empty()).shape == gates.too_small(Detections.empty(), SIZE).shape == (0,)


@pytest.mark.parametrize(
    ("name", "value"),
    [("low_th_c", 1.1), ("low_th_c", -0.1), ("small_w", -1.0), ("small_relative", 2.0), ("presence_th", float("nan"))],
)
def test_thresholds_that_make_no_sense_are_refused(name: str, value: float) -> None:
    values = {"low_th_c": 0.5} | {name: value}
    with pytest.raises(SettingsError, match=name):
        Gates(**values)  # type: ignore[arg-type]
