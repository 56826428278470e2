from dataclasses import replace
from functools import lru_cache
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.phalp.golden import Arrays, load
from tracker_service.phalp.cost import Samples, association_cost, squared_distances
from tracker_service.phalp.tracker_parameters import DistanceType, TrackerParameters

GOLDEN = [
    *((kind, shot, letters) for kind in ("EQ_019", "EQ_010") for shot in (0, 1) for letters in ("APL", "PL")),
    *((kind, 0, "APL") for kind in ("A0", "P0", "L0", "LC", "N0", "NC")),
    ("A0", 0, "PL"),
    ("EQ_019", 0, "A"),
]
CLIPPED = 100.00001


@lru_cache
def golden() -> Arrays:
    return load("cost")


def samples(prefix: str) -> Samples:
    arrays = golden()
    return Samples.from_vectors(arrays[f"{prefix}_appe"], arrays[f"{prefix}_pose"], arrays[f"{prefix}_loca"])


@pytest.mark.parametrize(("kind", "shot", "letters"), GOLDEN)
def test_cost_equals_golden(kind: Any, shot: int, letters: str) -> None:
    parameters = TrackerParameters(predict=letters, distance_type=kind, compat="upstream")
    cost = association_cost(samples("track"), samples("det"), parameters, shot=bool(shot))
    expected = golden()[f"cost64_{kind}_shot{shot}_{letters}"]
    compared = expected < 1e4
    np.testing.assert_allclose(cost[compared], expected[compared], rtol=1e-5)
    np.testing.assert_array_equal(cost >= 1e4, expected >= 1e4)


@pytest.mark.parametrize(("kind", "shot"), [("EQ_019", 0), ("EQ_010", 0), ("EQ_010", 1)])
def test_degenerate_cost_equals_golden_with_upstream_compatibility(kind: Any, shot: int) -> None:
    parameters = TrackerParameters(distance_type=kind, compat="upstream")
    cost = association_cost(samples("deg_track"), samples("deg_det"), parameters, shot=bool(shot))
    expected = golden()[f"deg_cost64_{kind}_shot{shot}_APL"]
    np.testing.assert_allclose(np.minimum(cost, CLIPPED), np.minimum(expected, CLIPPED), rtol=1e-3)


def test_nan_is_the_cheapest_upstream_and_never_a_match_by_default() -> None:
    tracks, detections = samples("deg_track"), samples("deg_det")
    upstream = association_cost(tracks, detections, TrackerParameters(compat="upstream"))
    paper = association_cost(tracks, detections, TrackerParameters())
    undefined = upstream == 0
    assert undefined.any()
    assert (paper[undefined] == np.inf).all()
    np.testing.assert_allclose(np.minimum(paper[~undefined], CLIPPED), np.minimum(upstream[~undefined], CLIPPED))


@pytest.mark.parametrize(
    ("kind", "compat", "dropped"),
    [
        ("EQ_019", "upstream", False),
        ("EQ_019", "paper", True),
        ("EQ_010", "upstream", True),
        ("EQ_010", "paper", True),
    ],
)
def test_location_on_the_first_frame_of_a_shot(kind: Any, compat: Any, dropped: bool) -> None:
    parameters = TrackerParameters(distance_type=kind, compat=compat)
    tracks, detections = samples("track"), samples("det")
    moved = replace(detections, location=detections.location + 0.3)
    here = association_cost(tracks, detections, parameters, shot=True)
    there = association_cost(tracks, moved, parameters, shot=True)
    assert np.allclose(here, there, rtol=1e-9) == dropped


def test_a_missing_letter_removes_its_term_by_default_and_only_its_prediction_upstream() -> None:
    tracks, detections = samples("track"), samples("det")
    costs = {
        (letters, compat): association_cost(tracks, detections, TrackerParameters(predict=letters, compat=compat))
        for letters in ("APL", "AP", "AL", "PL")
        for compat in ("paper", "upstream")
    }
    np.testing.assert_array_equal(costs["APL", "paper"], costs["APL", "upstream"])
    np.testing.assert_array_equal(costs["PL", "paper"], costs["PL", "upstream"])
    np.testing.assert_array_equal(costs["AP", "upstream"], costs["APL", "upstream"])
    assert costs["AP", "paper"].max() < 1e3 < costs["AP", "upstream"].max()
    assert (costs["AL", "paper"] <= costs["APL", "paper"]).all()
    assert (costs["AL", "paper"] < costs["APL", "paper"]).any()


def test_raising_the_appearance_scale_weakens_appearance() -> None:
    tracks, detections = samples("track"), samples("det")
    strong = association_cost(tracks, detections, TrackerParameters(distance_type="A0", appearance_scale=1.0))
    weak = association_cost(tracks, detections, TrackerParameters(distance_type="A0", appearance_scale=10.0))
    np.testing.assert_allclose(weak, strong / 100)


def test_check_value_of_the_specification() -> None:
    location = np.array([[0.570892, 0.4052, 0.141329, -0.188991, 38.937, 0.00916511, 0.00412759, 1.0106]])
    track = Samples(np.zeros((1, 1), np.float32), np.zeros((1, 229), np.float32), location)
    pose = np.zeros((1, 229), np.float32)
    pose[0, 0] = np.sqrt(0.4)
    seen = Samples(np.full((1, 1), 0.3, np.float32), pose, np.array([[0.575, 0.41, 0, 0, 38.5, 0, 0, 0]]))
    expected = {"EQ_019": 2.478057, "EQ_010": 2.484516}
    for kind in get_args(DistanceType)[:2]:
        parameters = TrackerParameters(distance_type=kind, appearance_scale=1.0)
        assert association_cost(track, seen, parameters) == pytest.approx(expected[kind], rel=1e-4)


numbers = st.floats(width=32, allow_nan=True, allow_infinity=True)


@given(st.lists(numbers, min_size=8, max_size=8), st.lists(numbers, min_size=8, max_size=8), numbers, st.booleans())
def test_default_cost_is_at_least_one_and_never_nan(a: list[float], b: list[float], pose: float, shot: bool) -> None:
    zeros = np.zeros((1, 229), np.float32)
    tracks = Samples(np.full((1, 3), pose, np.float32), zeros, np.array([a]))
    detections = Samples(np.zeros((1, 3), np.float32), np.full_like(zeros, pose), np.array([b]))
    assert association_cost(tracks, detections, TrackerParameters(), shot=shot)[0, 0] >= 1


def test_squared_distances_are_exact_enough_for_equal_rows() -> None:
    rows = np.random.default_rng(1).normal(size=(5, 4096)).astype(np.float32) * 1000
    distances = squared_distances(rows, rows)
    assert (np.diag(distances) < 1e-3).all()
    np.testing.assert_allclose(distances, np.square(rows[:, None].astype(float) - rows).sum(axis=2), atol=1e-3)
