import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tests.results.frames import frame_result, tracked_person
from tracker_service.body.joints import JOINT_INDEX
from tracker_service.errors import ResultsError
from tracker_service.evaluation.poses.evaluation import PoseEvaluation, evaluate_poses
from tracker_service.evaluation.poses.truth import PoseTruth
from tracker_service.results.ndjson import NdjsonWriter
from tracker_service.types import Float32, TrackedPerson

WIDTH, HEIGHT, FRAMES = 640, 480, 10
PEOPLE = (1, 2)


def true_joints(person: int, frame: int) -> Float32:
    return np.random.default_rng([person, frame]).normal(size=(45, 3)).astype(np.float32)


def true_box(person: int, frame: int) -> list[float]:
    return [100 * person + 5 * frame, 50, 100 * person + 5 * frame + 40, 150]


def write_truth(folder: Path, **changes: Any) -> Path:
    path = folder / "ground_truth.npz"
    arrays: dict[str, Any] = {
        "ids": np.array(PEOPLE),
        "boxes": np.array([[true_box(person, frame) for person in PEOPLE] for frame in range(FRAMES)], np.float32),
        "visibility": np.ones((FRAMES, len(PEOPLE)), np.float32),
        "joints_3d": np.stack([[true_joints(p, frame)[:44] for p in PEOPLE] for frame in range(FRAMES)]),
        "width": WIDTH,
        "height": HEIGHT,
        "focal": 700.0,
    }
    np.savez(path, **{name: value for name, value in (arrays | changes).items() if value is not None})
    return path


def found(track_id: int, frame: int, person: int | None = None, **changes: Any) -> TrackedPerson:
    """Return ``person`` (by default the one with the track's number) exactly as the truth has it."""
    person = track_id if person is None else person
    fields: dict[str, Any] = {"box": true_box(person, frame), "joints_3d": true_joints(person, frame)}
    return tracked_person(track_id, frame, **fields | changes)


def evaluated(folder: Path, frames: Sequence[Sequence[TrackedPerson]], **truth: Any) -> PoseEvaluation:
    results = folder / "results.ndjson"
    with NdjsonWriter(results) as writer:
        for number, persons in enumerate(frames):
            writer.write(frame_result(number, *persons))
    return evaluate_poses(results, write_truth(folder, **truth))


def test_perfect_results(tmp_path: Path) -> None:
    result = evaluated(tmp_path, [[found(7, n, 2), found(9, n, 1)] for n in range(FRAMES)])

    assert (result.followed, result.id_switches, result.false_seen, result.false_predicted) == (2, 0, 0, 0)
    assert result.frames == FRAMES
    assert (result.seen.matches, result.predicted.matches) == (20, 0)
    assert result.seen.mpjpe == pytest.approx(0, abs=1e-6)
    assert result.seen.pa_mpjpe == pytest.approx(0, abs=1e-6)
    first, second = result.people
    assert (first.truth_id, first.track_ids, second.truth_id, second.track_ids) == (1, (9,), 2, (7,))
    assert (first.frames, first.matched, first.visible_frames, first.visible_matched) == (10, 10, 10, 10)
    assert (first.coverage, first.id_switches) == (1.0, 0)


def test_errors_are_counted_by_state_and_alignment(tmp_path: Path) -> None:
    turn = Rotation.from_euler("y", 90, degrees=True).as_matrix()
    turned = [found(1, n, joints_3d=true_joints(1, n) @ turn.T + 3) for n in range(5)]
    predicted = [found(1, n, age=n - 4) for n in range(5, FRAMES)]

    result = evaluated(tmp_path, [[person] for person in (*turned, *predicted)])

    assert (result.seen.matches, result.predicted.matches) == (5, 5)
    assert result.seen.mpjpe is not None
    assert result.seen.mpjpe > 0.3
    assert result.seen.pa_mpjpe == pytest.approx(0, abs=1e-5)
    assert result.predicted.mpjpe == pytest.approx(0, abs=1e-6)
    assert result.people[0].error.mpjpe == pytest.approx(result.seen.mpjpe / 2, abs=1e-6)


def test_joints_outside_the_14_do_not_count(tmp_path: Path) -> None:
    def joints(frame: int) -> Float32:
        other = true_joints(1, frame) + 5
        other[25:39] = true_joints(1, frame)[25:39]
        return other

    result = evaluated(tmp_path, [[found(1, n, joints_3d=joints(n))] for n in range(FRAMES)])

    assert result.seen.mpjpe == pytest.approx(0, abs=1e-6)


def test_root_is_the_middle_of_the_hips(tmp_path: Path) -> None:
    def joints(frame: int) -> Float32:
        ankle_astray = true_joints(1, frame)
        ankle_astray[JOINT_INDEX["right_ankle_lsp"], 0] += 1.4
        return ankle_astray

    result = evaluated(tmp_path, [[found(1, n, joints_3d=joints(n))] for n in range(FRAMES)])

    assert result.seen.mpjpe == pytest.approx(1.4 / 14)


def test_swapped_ids_are_two_switches(tmp_path: Path) -> None:
    before = [[found(1, n), found(2, n)] for n in range(5)]
    after = [[found(1, n, 2), found(2, n, 1)] for n in range(5, FRAMES)]

    result = evaluated(tmp_path, before + after)

    assert (result.id_switches, result.followed) == (2, 2)
    assert [person.track_ids for person in result.people] == [(1, 2), (2, 1)]


def test_person_who_was_matched_stays_matched_while_boxes_overlap_enough(tmp_path: Path) -> None:
    together = np.tile(np.array([100, 50, 140, 150], np.float32), (FRAMES, 2, 1))
    shifted = {1: [100, 50, 140, 150], 2: [104, 50, 144, 150]}

    def box(track_id: int, frame: int) -> list[int]:
        return shifted[track_id if frame < 5 else 3 - track_id]

    frames = [[found(track_id, n, box=box(track_id, n)) for track_id in (1, 2)] for n in range(FRAMES)]
    together[:, 1, [0, 2]] += 4

    assert evaluated(tmp_path, frames, boxes=together).id_switches == 0


@pytest.mark.parametrize(
    ("records", "coverage", "matched"),
    [
        (dict.fromkeys(range(10), "exact"), 1.0, 10),
        (dict.fromkeys(range(3, 7), "exact"), 1.0, 4),
        ({0: "exact", 9: "exact"}, 0.2, 2),
        ({0: "exact", 1: "astray", 2: "astray", 3: "exact"}, 1.0, 2),
        ({0: "exact", 1: "exact", 2: "astray", 3: "astray"}, 1.0, 2),
        ({0: "astray", 5: "exact"}, 1.0, 1),
        ({}, 0.0, 0),
    ],
)
def test_coverage_counts_the_track_between_its_matches(
    tmp_path: Path, records: Mapping[int, str], coverage: float, matched: int
) -> None:
    def persons(frame: int) -> list[TrackedPerson]:
        place = {"exact": true_box(1, frame), "astray": [500, 300, 560, 400]}
        return [found(1, frame, box=place[records[frame]])] if frame in records else []

    person = evaluated(tmp_path, [persons(n) for n in range(FRAMES)]).people[0]

    assert (person.coverage, person.matched) == (coverage, matched)


def test_people_without_a_match_are_false(tmp_path: Path) -> None:
    astray = [500, 300, 560, 400]
    frames = [
        [found(1, n), found(2, n), found(3, n, box=astray), found(4, n, box=astray, age=1)] for n in range(FRAMES)
    ]

    result = evaluated(tmp_path, frames)

    assert (result.false_seen, result.false_predicted) == (10, 10)


def test_hidden_people_and_people_outside_the_image_are_counted_apart(tmp_path: Path) -> None:
    boxes = np.array([[true_box(person, frame) for person in PEOPLE] for frame in range(FRAMES)], np.float32)
    boxes[6:, 0, [0, 2]] += WIDTH
    visibility = np.ones((FRAMES, 2), np.float32)
    visibility[:4] = 0.4

    result = evaluated(tmp_path, [[found(1, n)] for n in range(FRAMES)], boxes=boxes, visibility=visibility)

    person = result.people[0]
    assert (person.frames, person.matched, person.visible_frames, person.visible_matched) == (6, 6, 2, 2)
    assert result.false_seen == 4


def test_boxes_are_compared_inside_the_image(tmp_path: Path) -> None:
    boxes = np.tile(np.array([-300, 50, 60, 150], np.float32), (FRAMES, 2, 1))

    result = evaluated(tmp_path, [[found(1, n, box=[0, 50, 60, 150])] for n in range(FRAMES)], boxes=boxes)

    assert sum(person.matched for person in result.people) == FRAMES


def test_frames_beyond_the_truth_are_left_out(tmp_path: Path) -> None:
    result = evaluated(tmp_path, [[found(1, n)] for n in range(FRAMES + 5)])

    assert (result.frames, result.false_seen, result.seen.matches) == (FRAMES, 0, FRAMES)


def test_scores_are_written_as_json_and_text(tmp_path: Path) -> None:
    result = evaluated(tmp_path, [[found(1, n)] for n in range(FRAMES)])

    record = json.loads(result.to_json())

    assert (record["followed"], record["id_switches"], record["people"][1]["matched"]) == (1, 0, 0)
    assert record["people"][1]["error"] == {"matches": 0, "mpjpe": None, "pa_mpjpe": None}
    for part in ("1 of 2 people followed, 0 id switches", "person 1: found in 10 of 10 frames", "ids none"):
        assert part in result.text()


def test_truth_is_read_with_its_derived_values(tmp_path: Path) -> None:
    truth = PoseTruth.load(write_truth(tmp_path))

    assert (truth.number_of_frames, truth.ids.tolist()) == (FRAMES, [1, 2])
    assert truth.in_view.all()
    assert truth.boxes_xywh(2)[1].tolist() == [210, 50, 40, 100]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"visibility": None}, "expected an array named 'visibility', got boxes, focal"),
        ({"boxes": np.zeros((FRAMES, 3, 4))}, r"boxes: expected shape \(\*, 2, 4\), got \(10, 3, 4\)"),
        ({"joints_3d": np.zeros((FRAMES, 2, 24, 3))}, r"joints_3d: expected shape \(10, 2, 44, 3\)"),
        ({"visibility": np.full((FRAMES, 2), np.nan)}, "expected finite numbers"),
        ({"ids": np.array([{}, {}])}, "expected an npz archive of plain arrays"),
    ],
)
def test_truth_that_does_not_fit_is_reported(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = write_truth(tmp_path, **changes)

    with pytest.raises(ResultsError, match=rf"ground_truth\.npz: .*{message}"):
        PoseTruth.load(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "expected a readable ground truth, got No such file"),
        (b"", "expected an npz archive of plain arrays"),
        (b"1,2,3\n", "expected an npz archive of plain arrays"),
        (b"PK\x03\x04 broken", "expected an npz archive of plain arrays"),
    ],
)
def test_truth_of_another_kind_is_reported(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "ground_truth.npz"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ResultsError, match=message):
        PoseTruth.load(path)


def test_single_array_is_not_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "ground_truth.npz"
    with path.open("wb") as stream:
        np.save(stream, np.zeros(3))

    with pytest.raises(ResultsError, match="expected an npz archive of plain arrays"):
        PoseTruth.load(path)
