from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.phalp.golden import Arrays, load
from tracker_service.phalp.location import damped_steps, predict_location
from tracker_service.types import Float32, Int64
from tracker_service.types.phalp_vectors import LOCATION_SAMPLE, LOCATION_SERIES

X = [0.50, 0.51, 0.525, 0.53, 0.545, 0.55, 0.562]
Y = [0.40, 0.401, 0.399, 0.402, 0.404, 0.403, 0.405]
Z = [40, 39.8, 39.9, 39.5, 39.4, 39.1, 39.0]


@lru_cache
def golden() -> Arrays:
    return load("location")


@pytest.mark.parametrize(("name", "share"), [("pred_loca", True), ("pred_loca_kappa1", False)])
def test_location_equals_golden(name: str, share: bool) -> None:
    arrays = golden()
    known = ~arrays["upstream_raises"]
    history = arrays["history_loca"][known]
    prediction = predict_location(
        arrays["history_time"][known],
        history[:, :, LOCATION_SERIES],
        arrays["time_since_update"][known] + 1,
        share_spread=share,
        degenerate_spread=np.nan,
    )
    expected = arrays[name][known][:, LOCATION_SAMPLE]
    np.testing.assert_allclose(prediction.sample().astype(np.float32), expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("times", "steps", "expected"),
    [
        (range(7), 1, [0.570892, 0.4052, 0.141329, -0.188991, 38.937, 0.00916511, 0.00412759, 1.0106]),
        ([3, 3, 3, 3, 4, 5, 6], 1, [0.575688, 0.405763, 0.150926, -0.187915, 38.9467, 0.011825, 0.00133579, 0.255672]),
        (range(7), 61, [1.04103, 0.4436, 0.900511, -0.0938744, 32.5086, 0.0691951, 0.0311626, 1.08284]),
    ],
)
def test_check_values_of_the_specification(times: list[int], steps: int, expected: list[float]) -> None:
    history, at = np.array([np.stack([X, Y, Z], axis=1)], np.float32), np.array([list(times)])
    np.testing.assert_allclose(predict_location(at, history, np.array([steps])).sample()[0], expected, rtol=2e-5)


def line(n: int, speed: float, depth_ratio: float) -> tuple[Int64, Float32]:
    times = np.arange(7)[None].repeat(n, axis=0)
    history = np.stack([0.5 + speed * times, 0.5 - speed * times, 20 * depth_ratio**times], axis=2)
    return times, history.astype(np.float32)


def test_all_sightings_at_one_time_have_no_spread_by_default() -> None:
    _, history = line(1, 0.0, 1.0)
    prediction = predict_location(np.full((1, 7), 4), history, np.array([2]))
    np.testing.assert_allclose(prediction.sample()[0], [0.5, 0.5, 0, 0, 20, 0, 0, 1 / 7], atol=1e-6)


@given(
    st.floats(0, 1, width=32),
    st.floats(0, 1, width=32),
    st.floats(0.5, 500, width=32),
    st.integers(1, 80),
    st.sampled_from([0.5, 0.9, 1.0]),
)
def test_a_constant_location_stays(u: float, v: float, depth: float, steps: int, damping: float) -> None:
    history = np.full((1, 7, 3), [u, v, depth], np.float32)
    times = np.array([[2, 2, 3, 5, 6, 7, 9]])
    prediction = predict_location(times, history, np.array([steps]), damping=damping)
    np.testing.assert_allclose(prediction.position[0], [u, v], atol=1e-6)
    assert prediction.camera[0, 2] == pytest.approx(depth, rel=1e-6)


@given(st.floats(-0.5, 0.5), st.floats(0.2, 5.0), st.integers(1, 51))
def test_a_damped_prediction_moves_less_and_at_most_doubles_the_depth(speed: float, ratio: float, steps: int) -> None:
    times, history = line(1, speed, ratio)
    free = predict_location(times, history, np.array([steps]))
    damped = predict_location(times, history, np.array([steps]), damping=0.9)
    start = history[0, -1, :2]
    assert np.isfinite(damped.sample()).all()
    assert (np.abs(damped.position[0] - start) <= np.abs(free.position[0] - start) + 1e-6).all()
    assert 0.499 < damped.camera[0, 2] / history[0, -1, 2] < 2.001


def test_damping_changes_nothing_one_step_ahead() -> None:
    times, history = line(2, 0.01, 1.02)
    free = predict_location(times, history, np.array([1, 1]))
    damped = predict_location(times, history, np.array([1, 1]), damping=0.5)
    np.testing.assert_allclose(free.sample(), damped.sample())


@pytest.mark.parametrize(("steps", "damping", "expected"), [(1, 0.5, 1), (2, 0.5, 1.5), (3, 0.5, 1.75), (4, 1, 4)])
def test_damped_steps_sum_up_the_remaining_velocity(steps: int, damping: float, expected: float) -> None:
    assert damped_steps(np.array([float(steps)]), damping)[0] == pytest.approx(expected)


def test_the_camera_lies_on_the_ray_through_the_position() -> None:
    times, history = line(3, 0.02, 1.01)
    prediction = predict_location(times, history, np.array([1, 5, 20]), damping=0.9)
    projected = prediction.camera[:, :2] / prediction.camera[:, 2:] * 5000 / 256 + 0.5
    np.testing.assert_allclose(projected, prediction.position, rtol=1e-9)
