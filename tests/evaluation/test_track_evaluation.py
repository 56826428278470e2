import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.results.frames import frame_result, tracked_person
from tracker_service.errors import ResultsError
from tracker_service.evaluation.box_overlap import pairwise_iou
from tracker_service.evaluation.track_evaluation import Evaluation, evaluate
from tracker_service.results.ndjson import NdjsonWriter
from tracker_service.types import Float64

Box: TypeAlias = tuple[float, float, float, float]
Tracks: TypeAlias = Sequence[Mapping[int, Box]]
"""One entry per frame: id to x, y, width, height."""

FRAMES = 20


def walk(person: int, frame: int) -> Box:
    """Two or more people who walk beside each other, far apart."""
    return 10 + 4 * frame, 200 * person, 50, 100


def walkers(people: Sequence[int], frames: int = FRAMES) -> list[dict[int, Box]]:
    return [{person: walk(person, frame) for person in people} for frame in range(frames)]


def write_truth(path: Path, tracks: Tracks, tail: str = "1,-1,-1,-1") -> Path:
    rows = [
        f"{number},{identity},{x},{y},{w},{h},{tail}\n"
        for number, frame in enumerate(tracks, start=1)
        for identity, (x, y, w, h) in frame.items()
    ]
    path.write_text("".join(rows))
    return path


def write_results(path: Path, tracks: Tracks, **changes: Any) -> Path:
    with NdjsonWriter(path) as writer:
        for number, frame in enumerate(tracks):
            persons = [
                tracked_person(identity, number, box=[x, y, x + w, y + h], **changes)
                for identity, (x, y, w, h) in sorted(frame.items())
            ]
            writer.write(frame_result(number, *persons))
    return path


def evaluated(tmp_path: Path, results: Tracks, truth: Tracks, **options: Any) -> Evaluation:
    return evaluate(
        write_results(tmp_path / "results.ndjson", results), write_truth(tmp_path / "gt.txt", truth), **options
    )


def test_perfect_results_score_one(tmp_path: Path) -> None:
    # Ids only have to be consistent, not equal.
    result = evaluated(tmp_path, walkers([1, 2]), [{9: frame[1], 4: frame[2]} for frame in walkers([1, 2])])
    assert (result.mota, result.idf1, result.precision, result.recall) == (1, 1, 1, 1)
    assert (result.hota, result.deta, result.assa, result.motp) == pytest.approx((1, 1, 1, 1))
    assert (result.id_switches, result.fragmentations, result.false_positives, result.false_negatives) == (0, 0, 0, 0)
    assert (result.truth_people, result.result_people, result.truth_boxes, result.result_boxes) == (2, 2, 40, 40)
    assert (result.true_positives, result.frames) == (40, FRAMES)


def test_everybody_missed_scores_zero(tmp_path: Path) -> None:
    result = evaluated(tmp_path, [{}] * FRAMES, walkers([1, 2]))

    assert (result.mota, result.idf1, result.hota, result.recall) == (0, 0, 0, 0)
    assert (result.false_negatives, result.false_positives, result.result_people) == (40, 0, 0)


def test_empty_results_file_misses_every_frame_of_the_truth(tmp_path: Path) -> None:
    result = evaluated(tmp_path, [], walkers([1]))

    assert (result.false_negatives, result.frames, result.mota) == (FRAMES, FRAMES, 0)


def test_ids_that_swap_halfway_cost_two_switches(tmp_path: Path) -> None:
    truth = walkers([1, 2])
    swapped = [frame if number < 10 else {1: frame[2], 2: frame[1]} for number, frame in enumerate(truth)]

    result = evaluated(tmp_path, swapped, truth)

    assert (result.id_switches, result.false_positives, result.false_negatives) == (2, 0, 0)
    assert result.mota == pytest.approx(1 - 2 / 40)
    assert result.idf1 == pytest.approx(0.5)
    assert result.deta == pytest.approx(1)
    # Every box's association: 10 frames in common of 20 + 20 - 10.
    assert result.assa == pytest.approx(1 / 3)
    assert result.hota == pytest.approx(np.sqrt(1 / 3))


def test_gap_in_the_results_is_a_fragmentation(tmp_path: Path) -> None:
    # TrackEval sees a fragmentation only where another person is found meanwhile.
    truth = walkers([1, 2])
    gap = [{2: frame[2]} if 5 <= number < 9 else frame for number, frame in enumerate(truth)]

    result = evaluated(tmp_path, gap, truth)

    assert (result.fragmentations, result.id_switches, result.false_negatives) == (1, 0, 4)
    assert result.recall == pytest.approx(36 / 40)


def test_gap_in_the_truth_makes_the_results_there_false(tmp_path: Path) -> None:
    results = walkers([1])
    truth = [{} if 5 <= number < 9 else frame for number, frame in enumerate(results)]

    result = evaluated(tmp_path, results, truth)

    assert (result.false_positives, result.false_negatives, result.id_switches) == (4, 0, 0)
    assert result.mota == pytest.approx(1 - 4 / 16)
    assert result.precision == pytest.approx(16 / 20)


def test_frames_after_the_end_of_the_truth_count(tmp_path: Path) -> None:
    result = evaluated(tmp_path, walkers([1], FRAMES + 5), walkers([1], FRAMES))

    assert (result.false_positives, result.frames) == (5, FRAMES + 5)


def test_frame_zero_of_the_results_is_frame_one_of_the_truth(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "gt.txt", [{}, *walkers([1])])
    results = write_results(tmp_path / "results.ndjson", [{}, *walkers([1])])

    assert evaluate(results, truth).mota == 1


@pytest.mark.parametrize(("iou", "matches"), [(0.5, FRAMES), (0.7, 0)])
def test_boxes_match_from_the_asked_overlap_on(tmp_path: Path, iou: float, matches: int) -> None:
    truth = walkers([1])
    shifted = [{1: (x + 10, y, w, h)} for frame in truth for x, y, w, h in frame.values()]

    # 40 of 60 columns are common: an overlap of 2/3.
    assert evaluated(tmp_path, shifted, truth, iou=iou).true_positives == matches


def test_rows_marked_zero_do_not_count(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "gt.txt", walkers([1]))
    unmarked = truth.read_text()
    marked = write_truth(tmp_path / "marked.txt", walkers([2]), tail="0,-1,-1,-1").read_text()
    truth.write_text(unmarked + marked)
    results = write_results(tmp_path / "results.ndjson", walkers([1]))

    assert evaluate(results, truth).mota == 1


@pytest.mark.parametrize(
    ("changes", "options", "counted"),
    [
        ({}, {}, True),
        ({}, {"minimum_confidence": 0.87}, True),
        ({}, {"minimum_confidence": 0.88}, False),
        ({}, {"include_predicted": False, "minimum_tracking_confidence": 1.0}, True),
        ({"age": 1}, {}, True),
        ({"age": 1}, {"include_predicted": False}, False),
        ({"age": 2}, {"minimum_tracking_confidence": 0.9}, True),
        ({"age": 3}, {"minimum_tracking_confidence": 0.9}, False),
    ],
)
def test_options_choose_the_people_that_count(
    tmp_path: Path, changes: dict[str, Any], options: dict[str, Any], counted: bool
) -> None:
    results = write_results(tmp_path / "results.ndjson", walkers([1]), **changes)
    truth = write_truth(tmp_path / "gt.txt", walkers([1]))

    assert evaluate(results, truth, **options).result_boxes == (FRAMES if counted else 0)


def test_scores_are_written_as_json_and_text(tmp_path: Path) -> None:
    result = evaluated(tmp_path, walkers([1]), walkers([1, 2]))

    record = json.loads(result.to_json())

    assert (record["mota"], record["recall"], record["false_negatives"]) == (0.5, 0.5, 20)
    assert "MOTA 50.0%" in result.text()
    assert "missed 20, false 0" in result.text()


def test_missing_package_comes_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trackeval.metrics", None)

    with pytest.raises(ResultsError, match=r"the package trackeval \(pip install 'phalp-triton\[evaluate\]'\)"):
        evaluated(tmp_path, walkers([1]), walkers([1]))


BOXES = arrays.arrays(np.float64, st.tuples(st.integers(0, 4), st.just(4)), elements=st.integers(0, 20).map(float))


@given(BOXES, BOXES)
def test_overlap_counts_the_common_pixels(first: Float64, second: Float64) -> None:
    def covered(box: Float64) -> np.ndarray[Any, np.dtype[np.bool_]]:
        image = np.zeros((40, 40), np.bool_)
        x, y, width, height = box.astype(int)
        image[y : y + height, x : x + width] = True
        return image

    overlap = pairwise_iou(first, second)

    assert overlap.shape == (len(first), len(second))
    for row, column in np.ndindex(overlap.shape):
        one, other = covered(first[row]), covered(second[column])
        union = (one | other).sum()
        assert overlap[row, column] == pytest.approx((one & other).sum() / union if union else 0.0)
