"""Several boxes on one person."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipeline.people import people_in
from tracker_service.errors import SettingsError
from tracker_service.people.duplicates import DuplicateGate, body_similarities, containments
from tracker_service.types import Float32

STANDING = np.random.default_rng(3).uniform((40, 20), (80, 180), (45, 2)).astype(np.float32)


WHOLE, TORSO, BESIDE = (30.0, 10.0, 90.0, 190.0), (20.0, 5.0, 70.0, 90.0), (120.0, 10.0, 180.0, 190.0)
RIGHT, FURTHER = (60.0, 10.0, 120.0, 190.0), (90.0, 10.0, 150.0, 190.0)


@pytest.mark.parametrize(
    ("boxes", "joints", "expected"),
    [
        pytest.param([WHOLE, BESIDE], [STANDING, STANDING + 90], [True, True], id="two people side by side"),
        pytest.param([WHOLE, TORSO], [STANDING, STANDING + 1], [True, False], id="a part with the same body"),
        pytest.param([TORSO, WHOLE], [STANDING, STANDING + 1], [True, False], id="the better score stays"),
        pytest.param(
            [WHOLE, (40.0, 20.0, 80.0, 100.0)], [STANDING, STANDING + 60], [True, False], id="a box inside another"
        ),
        pytest.param([WHOLE, RIGHT], [STANDING, STANDING + 40], [True, True], id="half hidden, another body"),
        pytest.param(
            [WHOLE, RIGHT, FURTHER], [STANDING, STANDING + 9, STANDING + 18], [True, False, True], id="no chains"
        ),
        pytest.param([], [], [], id="nobody"),
    ],
)
def test_the_lower_scored_of_two_boxes_on_one_person_is_dropped(
    boxes: list[tuple[float, float, float, float]], joints: list[Float32], expected: list[bool]
) -> None:
    gate = DuplicateGate(body_similarity=0.5, containment=0.75)
    assert gate.keep(people_in(boxes, joints)).tolist() == expected


def test_a_threshold_of_one_switches_the_criterion_off() -> None:
    found = people_in([WHOLE, (40.0, 20.0, 80.0, 100.0)], [STANDING, STANDING])
    assert DuplicateGate(body_similarity=1.0, containment=1.0).keep(found).all()
    assert not DuplicateGate(body_similarity=0.5, containment=1.0).keep(found).all()
    assert not DuplicateGate(body_similarity=1.0, containment=0.75).keep(found).all()


@given(st.floats(0.01, 100), st.floats(-1e3, 1e3))
def test_similarity_depends_on_distance_relative_to_size_only(scale: float, shift: float) -> None:
    bodies = np.stack([STANDING, STANDING + 7.0])
    np.testing.assert_allclose(body_similarities(bodies * scale + shift), body_similarities(bodies), atol=2e-2)


def test_similarity_is_one_on_the_diagonal_symmetric_and_falls_with_distance() -> None:
    similarity = body_similarities(np.stack([STANDING + shift for shift in (0, 5, 20, 60)]))
    np.testing.assert_allclose(np.diag(similarity), 1)
    np.testing.assert_allclose(similarity, similarity.T)
    assert (np.diff(similarity[0]) < 0).all()


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((0, 0, 10, 10), (2, 2, 4, 4), 1.0),
        ((0, 0, 10, 10), (5, 0, 15, 10), 0.5),
        ((0, 0, 10, 10), (10, 0, 20, 10), 0.0),
        ((0, 0, 10, 10), (3, 3, 3, 9), 0.0),
    ],
)
def test_containment_is_the_shared_part_of_the_smaller_box(
    first: tuple[float, ...], second: tuple[float, ...], expected: float
) -> None:
    np.testing.assert_allclose(containments(np.array([first]), np.array([second])), [[expected]])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({"body_similarity": 0.0}, SettingsError), ({"containment": 1.5}, SettingsError)],
)
def test_thresholds_out_of_range_are_refused(changes: dict[str, float], expected: type[Exception]) -> None:
    with pytest.raises(expected, match=r"expected a number in \(0, 1\]"):
        DuplicateGate(**changes)
