"""The riders' benchmark counts what it says: on labels and results that are made here."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.riders.__main__ import main
from benchmarks.riders.labels import LABELLED_JOINTS, LabelledFrame, labelled_joints, read_clips, swapped_sides
from benchmarks.riders.scores import ClipScore, compare
from tests.results.frames import frame_result, tracked_person
from tracker_service.types import Float32, TrackedPerson

BOX = [100, 100, 150, 200]


def rider(track_id: int = 1, *, box: list[float] | None = None, age: int = 0, **changes: Any) -> TrackedPerson:
    place = np.array(BOX if box is None else box, np.float32)
    return tracked_person(track_id, age=age, box=place, **changes)


def label_of(person: TrackedPerson, *, sure: bool = True) -> LabelledFrame:
    """The label that says exactly what ``person`` shows."""
    joints = labelled_joints(np.asarray(person.joints_2d, np.float64))
    return LabelledFrame("clip", 0, np.array(BOX, np.float64), joints, sure)


def shifted(joints: Float32, by: float) -> Float32:
    return joints + np.array([by, 0], np.float32)


def test_a_rider_who_is_seen_at_his_place_has_his_joint_errors() -> None:
    truth = rider()
    found = rider(joints_2d=shifted(truth.joints_2d, 20))
    result = compare(label_of(truth), frame_result(0, found))
    assert result.found == "detection"
    assert result.seen
    np.testing.assert_allclose(result.errors, 0.2, atol=1e-4)


def test_a_rider_who_is_predicted_at_his_place_is_not_seen() -> None:
    result = compare(label_of(rider()), frame_result(0, rider(age=2)))
    assert result.found == "predicted"
    assert not result.seen


def test_people_off_the_rider_are_counted_by_how_they_are_known() -> None:
    away = [300.0, 100, 350, 200]
    people = rider(1), rider(2, box=away), rider(3, box=away, age=4), rider(4, box=[110, 100, 160, 200])
    result = compare(label_of(rider()), frame_result(0, *people))
    assert (result.others_seen, result.others_predicted) == (1, 1)


def test_nobody_at_the_place_is_a_miss() -> None:
    result = compare(label_of(rider()), frame_result(0, rider(box=[120, 140, 170, 240])))
    assert result.found == "missed"
    assert 0 < result.overlap < 0.5


@pytest.mark.parametrize(("sure", "swaps"), [(True, "1 of 1"), (False, "0 of 0")])
def test_exchanged_sides_are_counted_where_the_label_is_sure(sure: bool, swaps: str) -> None:
    truth = rider()
    exact = label_of(truth, sure=sure)
    label = LabelledFrame("clip", 0, exact.box, swapped_sides(exact.joints), sure)
    score = ClipScore("clip", [compare(label, frame_result(0, truth))])
    row = score.pose_row()
    assert row["swaps"] == swaps
    assert row["error_without_sides"] == pytest.approx(0, abs=1e-6)
    assert row["error"] > 0.1


def test_joints_without_a_label_count_for_nothing(tmp_path: Path) -> None:
    label = {"clip": "jump", "frame": 3, "box": BOX, "joints": {"head": [1, 2], "ra": [3, 4]}, "lr": 0}
    (tmp_path / "labels.json").write_text(json.dumps([label]))
    (tmp_path / "jump.mov").touch()
    (clip,) = read_clips(tmp_path)
    joints = clip.labels[3].joints
    assert np.isfinite(joints[:, 0]).sum() == 2
    np.testing.assert_array_equal(joints[LABELLED_JOINTS.index("ra")], [3, 4])


def test_without_footage_it_says_that_it_was_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(tmp_path)])
    assert capsys.readouterr().out == f"skipped: expected clips and their labels.json in {tmp_path}, found none\n"
