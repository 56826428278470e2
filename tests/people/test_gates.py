import numpy as np
import pytest

from tracker_service.errors import SettingsError
from tracker_service.people.gates import Gates
from tracker_service.types import Detections, DroppedDetections


def detection(width: float, height: float, score: float) -> Detections:
    return Detections(np.array([[10, 10, 10 + width, 10 + height]], np.float32), np.array([score], np.float32))


PASSED = DroppedDetections()
LOW = DroppedDetections(low_score=1)
SMALL = DroppedDetections(small=1)


@pytest.mark.parametrize(
    ("gates", "width", "height", "score", "dropped"),
    [
        (Gates(0.8, 0, 0), 60, 120, 0.81, PASSED),
        (Gates(0.8, 0, 0), 60, 120, 0.8, LOW),
        (Gates(0.8, 0, 0), 60, 120, 0.5, LOW),
        (Gates(0.0, 0, 0), 1, 1, 0.01, PASSED),
        (Gates(0.0, small_w=50, small_h=100), 50, 100, 0.9, PASSED),
        (Gates(0.0, small_w=50, small_h=100), 49, 200, 0.9, SMALL),
        (Gates(0.0, small_w=50, small_h=100), 200, 99, 0.9, SMALL),
        (Gates(0.0, 0, 0, small_relative=0.1), 5, 48, 0.9, PASSED),
        (Gates(0.0, 0, 0, small_relative=0.1), 400, 47, 0.9, SMALL),
        (Gates(0.0, 0, 100, small_relative=0.1), 30, 60, 0.9, SMALL),
        (Gates(0.8, small_w=50, small_h=100), 10, 10, 0.1, LOW),
    ],
)
def test_a_detection_passes_or_is_counted_once(
    gates: Gates, width: float, height: float, score: float, dropped: DroppedDetections
) -> None:
    keep, counted = gates.keep(detection(width, height, score), (640, 480))
    assert counted == dropped
    assert keep.tolist() == [dropped == PASSED]


def test_kept_rows_keep_their_order() -> None:
    boxes = np.tile(np.array([[0, 0, 60, 120]], np.float32), (4, 1))
    detections = Detections(boxes, np.array([0.9, 0.3, 0.7, 0.6], np.float32))
    keep, dropped = Gates(0.5, 0, 0).keep(detections, (640, 480))
    np.testing.assert_allclose(detections.take(keep).scores, [0.9, 0.7, 0.6])
    assert dropped == LOW


def test_absent_people_are_counted() -> None:
    keep, dropped = Gates(0.5, 0, 0, presence_th=0.3).keep_present(np.array([0.3, 0.29, 1.0], np.float32))
    assert keep.tolist() == [True, False, True]
    assert dropped == DroppedDetections(absent=1)


def test_an_empty_frame_drops_nobody() -> None:
    keep, dropped = Gates(0.5, small_w=50, small_h=0).keep(Detections.empty(), (640, 480))
    assert keep.shape == (0,)
    assert dropped == PASSED


@pytest.mark.parametrize(
    ("name", "value"),
    [("low_th_c", 1.1), ("low_th_c", -0.1), ("small_w", -1.0), ("small_relative", 2.0), ("presence_th", float("nan"))],
)
def test_thresholds_that_make_no_sense_are_refused(name: str, value: float) -> None:
    values = {"low_th_c": 0.5} | {name: value}
    with pytest.raises(SettingsError, match=name):
        Gates(**values)  # type: ignore[arg-type]
