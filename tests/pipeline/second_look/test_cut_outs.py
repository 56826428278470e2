"""Where cut-outs lie, and that what is found in them comes back to its place."""

import numpy as np
import pytest

from tracker_service.people.crops import crop
from tracker_service.pipeline.second_look.cut_outs import cut_outs, in_frame, quarter_turns
from tracker_service.types import Detections, ExpectedPeople, Float32

SIZE = 64
FRAME = (300, 200)


def expected(*frames_missed: int) -> ExpectedPeople:
    n = len(frames_missed)
    box = np.array([100, 60, 120, 100], np.float32)
    missed = np.array(frames_missed, np.int64)
    return ExpectedPeople(np.arange(n), np.tile(box, (n, 1)), missed, np.zeros(n, np.float32))


def test_a_cut_out_shows_more_the_longer_a_person_is_missed() -> None:
    squares = cut_outs(expected(1, 2, 100), side=2.5, growth=0.1, angles=np.zeros(3, np.float32))
    np.testing.assert_allclose(squares.sides, [100, 104, 160])
    np.testing.assert_allclose(squares.centers, np.tile([110, 80], (3, 1)))


def test_a_box_without_area_still_has_a_cut_out() -> None:
    person = ExpectedPeople(
        np.zeros(1, np.int64), np.full((1, 4), 5, np.float32), np.ones(1, np.int64), np.zeros(1, np.float32)
    )
    assert cut_outs(person, side=2.5, growth=0.1, angles=np.zeros(1, np.float32)).sides[0] > 0


@pytest.mark.parametrize(("roll", "turn"), [(0.3, 0), (-0.3, 0), (1.4, 1), (-1.4, 3), (3.0, 2), (-3.0, 2)])
def test_turns_are_rounded_to_quarters(roll: float, turn: int) -> None:
    angles = quarter_turns(np.array([roll], np.float32))
    np.testing.assert_allclose(angles, turn * np.pi / 2, atol=1e-6)


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_box_found_in_a_turned_cut_out_comes_back_to_its_place(turn: int) -> None:
    image = np.zeros((FRAME[1], FRAME[0], 3), np.uint8)
    image[70:90, 104:112] = 255
    squares = cut_outs(expected(1), side=2.5, growth=0.1, angles=np.full(1, turn * np.pi / 2, np.float32))
    rows, columns = np.nonzero(crop(image, squares, SIZE)[0, :, :, 0] > 127)
    box: Float32 = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], np.float32)
    back = in_frame(Detections(box, np.ones(1, np.float32)), squares, SIZE, FRAME)
    np.testing.assert_allclose(back.boxes, [[104, 70, 112, 90]], atol=2.5)  # a pixel of the cut-out is 1.6


def test_boxes_end_at_the_border_of_the_frame_and_vanish_outside() -> None:
    squares = cut_outs(expected(1), side=2.5, growth=0.1, angles=np.zeros(1, np.float32))
    boxes = np.array([[0, 0, 64, 64], [0, 20, 32, 30]], np.float32)
    found = in_frame(Detections(boxes, np.ones(2, np.float32)), squares, SIZE, (150, 40))
    np.testing.assert_allclose(found.boxes, [[60, 30, 150, 40]], atol=1e-3)
