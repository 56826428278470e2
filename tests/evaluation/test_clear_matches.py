from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.test_trackeval_agreement import write_noisy_case
from tracker_service.evaluation.clear_matches import ABSENT, MISSED, ClearMatches
from tracker_service.evaluation.mot import read_mot
from tracker_service.evaluation.mot_metrics import FramePair
from tracker_service.evaluation.track_evaluation import PersonFilter, compared, scores
from tracker_service.results.ndjson import read_results


def pair(truth: list[int], results: list[int], overlap: list[list[float]]) -> FramePair:
    table = np.array(overlap, np.float64).reshape(len(truth), len(results))
    return FramePair(np.array(truth, np.int64), np.array(results, np.int64), table)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("iou", [0.5, 0.75])
def test_matches_count_as_trackeval_counts(tmp_path: Path, seed: int, iou: float) -> None:
    results, truth = write_noisy_case(tmp_path, seed, classes=seed % 2 == 0)
    pairs = compared(read_results(results), read_mot(truth), PersonFilter())
    expected, matches = scores(pairs, iou=iou), ClearMatches.of(pairs, iou=iou)

    assert (matches.matched > MISSED).sum() == expected.true_positives
    assert (matches.matched == MISSED).sum() == expected.false_negatives
    assert matches.false.sum() == expected.false_positives
    assert sum(len(matches.switches(person)) for person in range(len(matches.truth_ids))) == expected.id_switches > 0


def test_a_person_stays_with_an_id_that_still_overlaps_enough() -> None:
    matches = ClearMatches.of([pair([4], [1], [[0.9]]), pair([4], [1, 2], [[0.6, 0.9]]), pair([4], [2], [[0.9]])])

    assert matches.matched[:, 0].tolist() == [1, 1, 2]
    assert matches.false.tolist() == [0, 1, 0]
    assert matches.switches(0).tolist() == [2]


def test_missed_and_absent_are_told_apart() -> None:
    matches = ClearMatches.of([pair([1, 3], [7], [[0.2], [0.8]]), pair([3], [], [])])

    assert matches.truth_ids.tolist() == [1, 3]
    assert matches.matched.tolist() == [[MISSED, 7], [ABSENT, MISSED]]


def test_a_video_of_nobody_has_no_matches() -> None:
    matches = ClearMatches.of([pair([], [5], [])])

    assert (matches.matched.shape, matches.false.tolist()) == ((1, 0), [1])
