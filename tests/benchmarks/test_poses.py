"""What the benchmark of poses reads, and how it judges."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.poses.labels import read_stills
from benchmarks.poses.stills import best_overlap
from tracker_service.body.joints import JOINT_INDEX
from tracker_service.types import Float32

JOINTS = {
    "right_shoulder": [40.0, 30.0],
    "left_shoulder": [60.0, 30.0],
    "right_hip": [45.0, 70.0],
    "neck": [50.0, 25.0],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((100, 120, 3), np.uint8))
    labels = [{"image": "one.png", "lean_degrees": lean, "joints": JOINTS} for lean in (3, 20, -40, 179)]
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    return tmp_path


def test_stills_are_grouped_by_lean_and_boxed_around_their_joints(folder: Path) -> None:
    people = list(read_stills(folder))
    assert [person.group for person in people] == ["0-15", "15-30", "30-60", "150-180"]
    reach = 0.08 * 45
    np.testing.assert_allclose(people[0].box, [40 - reach, 25 - reach, 60 + reach, 70 + reach], rtol=1e-5)


def test_errors_are_parts_of_the_longer_side_of_the_box(folder: Path) -> None:
    person = next(read_stills(folder))
    body: Float32 = np.zeros((45, 2), np.float32)
    for name, place in JOINTS.items():
        body[JOINT_INDEX[f"{name}_lsp"]] = place
    own, _ = person.errors(body + np.array([person.size / 10, 0], np.float32))
    np.testing.assert_allclose(own, 0.1, rtol=1e-4)


def test_the_person_found_is_the_one_that_overlaps_most_and_enough() -> None:
    box = np.array([0, 0, 10, 10], np.float32)
    others = np.array([[5, 0, 15, 10], [1, 0, 11, 10]], np.float32)
    assert best_overlap(box, others, 0.5) == 1
    assert best_overlap(box, others[:1], 0.5) is None
    assert best_overlap(box, others[:0], 0.5) is None
