import numpy as np
import pytest

from tests.phalp.golden import load
from tracker_service.phalp.association import associate, associate_identities, with_identities


@pytest.mark.parametrize("case", range(16))
def test_assignment_equals_golden(case: int) -> None:
    arrays = load("assignment")
    prefix = f"case{case:02d}_"
    association = associate(arrays[f"{prefix}cost_in"], float(arrays["max_distance"]))
    assert association.matches.tolist() == arrays[f"{prefix}matches"].tolist()
    assert association.unmatched_tracks.tolist() == arrays[f"{prefix}unmatched_tracks_sorted"].tolist()
    assert association.unmatched_detections.tolist() == arrays[f"{prefix}unmatched_detections"].tolist()


@pytest.mark.parametrize(
    ("shape", "tracks", "detections"), [((0, 3), [], [0, 1, 2]), ((2, 0), [0, 1], []), ((0, 0), [], [])]
)
def test_nothing_to_assign(shape: tuple[int, int], tracks: list[int], detections: list[int]) -> None:
    association = associate(np.zeros(shape), 100.0)
    assert association.matches.shape == (0, 2)
    assert association.unmatched_tracks.tolist() == tracks
    assert association.unmatched_detections.tolist() == detections


def test_left_over_detections_come_before_those_that_cost_too_much() -> None:
    association = associate(np.array([[1.0, 200, 300], [200, 200, 200]]), 100.0)
    assert association.matches.tolist() == [[0, 0]]
    assert association.unmatched_detections.tolist() == [2, 1]


@pytest.mark.parametrize(("cost", "matches"), [(100.0, [[0, 0]]), (np.nextafter(100.0, 200.0), [])])
def test_the_threshold_itself_still_matches_and_nothing_above_it(cost: float, matches: list[list[int]]) -> None:
    assert associate(np.array([[cost]]), 100.0).matches.tolist() == matches


def test_nan_and_infinity_never_match() -> None:
    association = associate(np.array([[np.nan, np.inf]]), 100.0)
    assert association.matches.tolist() == []


def test_given_identities_match_all_equal_pairs() -> None:
    association = associate_identities(np.zeros((3, 3)), np.array([1, 2, 3]), np.array([3, 1, 9]))
    assert association.matches.tolist() == [[0, 1], [2, 0]]
    assert association.unmatched_tracks.tolist() == [1]
    assert association.unmatched_detections.tolist() == [2]


def test_given_identities_override_the_cost_and_unknown_ones_go_by_it() -> None:
    cost = np.array([[1.0, 50, 1], [2, 1, 99], [3, 4, 1]])
    imposed = with_identities(cost, np.array([7, 8, -1]), np.array([8, 7, -1]))
    assert associate(imposed, 100.0).matches.tolist() == [[0, 1], [1, 0], [2, 2]]
