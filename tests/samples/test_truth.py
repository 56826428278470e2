"""The committed ground truth is consistent in itself and has what a tracker should be tried on."""

import numpy as np
import pytest

from samples.render import FRAMES, MOT_NAME, ROOT, TRUTH_NAME
from samples.truth import COUNTED_VISIBILITY, ClipTruth
from tracker_service.evaluation.mot import read_mot

TRUTH = ClipTruth.load(ROOT / "samples" / TRUTH_NAME)


def longest_run(mask: list[bool]) -> int:
    best = run = 0
    for value in mask:
        run = run + 1 if value else 0
        best = max(best, run)
    return best


def test_there_are_four_people_in_every_frame() -> None:
    assert TRUTH.ids.tolist() == [1, 2, 3, 4]
    assert TRUTH.boxes.shape == (FRAMES, 4, 4)
    assert TRUTH.joints_3d.shape == (FRAMES, 4, 44, 3)
    assert FRAMES / TRUTH.fps >= 8


def test_boxes_contain_the_joints() -> None:
    low, high = TRUTH.joints_2d.min(axis=2), TRUTH.joints_2d.max(axis=2)
    assert (low >= TRUTH.boxes[:, :, :2] - 2).all()
    assert (high <= TRUTH.boxes[:, :, 2:] + 2).all()


def test_visible_boxes_lie_in_the_boxes_and_in_the_image() -> None:
    seen = TRUTH.visibility > 0
    visible, whole = TRUTH.visible_boxes[seen], TRUTH.boxes[seen]
    assert (visible[:, :2] >= np.maximum(whole[:, :2] - 1, 0)).all()
    assert (visible[:, 2:] <= np.minimum(whole[:, 2:] + 1, [TRUTH.width, TRUTH.height])).all()
    assert (visible[:, 2:] > visible[:, :2]).all()
    assert not TRUTH.visible_boxes[~seen].any()


def test_2d_joints_are_projections_of_the_3d_joints() -> None:
    x, y, z = np.moveaxis(TRUTH.joints_3d.astype(np.float64), -1, 0)
    projected = TRUTH.focal * np.stack([x / z, y / z], axis=-1) + [TRUTH.width / 2, TRUTH.height / 2]
    np.testing.assert_allclose(projected, TRUTH.joints_2d, atol=0.02)


def test_people_are_of_human_size() -> None:
    nose_to_ankle = TRUTH.joints_3d[:, :, [11, 14], 1].mean(axis=2) - TRUTH.joints_3d[:, :, 0, 1]
    assert (nose_to_ankle > 1.2).all()
    assert (nose_to_ankle < 1.7).all()


def test_people_move_smoothly() -> None:
    steps = np.linalg.norm(np.diff(TRUTH.roots, axis=0), axis=2) * TRUTH.fps
    assert steps.min() > 0.7
    assert steps.max() < 1.7


def test_everybody_is_seen_whole_for_a_while() -> None:
    for person in range(4):
        assert longest_run((TRUTH.visibility[:, person] > 0.9).tolist()) >= 25


def test_somebody_is_hidden_for_a_second_and_comes_back() -> None:
    visibility = TRUTH.visibility[:, 0]
    hidden = np.flatnonzero(visibility < 0.05)
    between = hidden[(hidden > np.argmax(visibility > 0.9)) & (hidden < FRAMES - np.argmax(visibility[::-1] > 0.9))]
    assert 25 <= len(between) <= 45


@pytest.mark.parametrize(("front", "behind"), [(1, 2), (1, 3), (2, 4)])
def test_people_pass_behind_each_other(front: int, behind: int) -> None:
    a, b = TRUTH.boxes[:, front - 1], TRUTH.boxes[:, behind - 1]
    shared = np.minimum(a[:, 2], b[:, 2]) - np.maximum(a[:, 0], b[:, 0])
    share = shared / np.minimum(a[:, 2] - a[:, 0], b[:, 2] - b[:, 0])
    nearer = TRUTH.roots[:, front - 1, 2] < TRUTH.roots[:, behind - 1, 2]
    crossing = (share > 0.7) & nearer & (TRUTH.visibility[:, front - 1] > 0.5)
    assert crossing.any()
    assert TRUTH.visibility[crossing, behind - 1].min() < 0.6


def test_the_mot_file_says_the_same() -> None:
    mot = read_mot(ROOT / "samples" / MOT_NAME)
    assert (ROOT / "samples" / MOT_NAME).read_text(encoding="utf-8") == TRUTH.mot_rows()
    assert set(mot) == set(range(FRAMES))
    for number, rows in mot.items():
        index = rows.ids - 1
        counted = TRUTH.visibility[number, index] >= COUNTED_VISIBILITY
        np.testing.assert_array_equal(rows.counted, counted)
        np.testing.assert_array_equal(rows.classes, np.where(counted, 1, 8))
        corner = rows.boxes[:, :2] + rows.boxes[:, 2:]
        expected = np.clip(TRUTH.boxes[number, index, 2:], 0, [TRUTH.width, TRUTH.height])
        np.testing.assert_allclose(corner, expected, atol=0.02)
