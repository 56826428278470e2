"""Gaps are filled from both sides, smoothing delays nothing, and a stream cut anywhere gives the same frames."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.refinement.walking_people import RATE, TurningBody, angles, frame, states, walker
from tracker_service.errors import SettingsError
from tracker_service.phalp.rotations import rotation_matrices
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.refinement.refinement_parameters import RefinementParameters
from tracker_service.refinement.refiner import Refiner
from tracker_service.refinement.rotations import nearest_rotations, rotation_vectors, slerp
from tracker_service.refinement.smoothing import regression_weights
from tracker_service.types import Float64, FrameResult, PersonState, Smpl

BODY = TurningBody()
TRACKING = TrackerParameters()
GAPS_ONLY = RefinementParameters(longest_gap=10, smoothing_seconds=0.0)
BOTH = RefinementParameters(longest_gap=10, smoothing_seconds=0.1)
vectors = st.tuples(*[st.floats(-1, 1) for _ in range(3)]).filter(lambda vector: np.linalg.norm(vector) > 1e-3)


def refined(frames: Sequence[FrameResult], parameters: RefinementParameters) -> list[FrameResult]:
    refiner = Refiner(parameters, TRACKING, BODY, RATE)
    return [out for item in frames for out in refiner.push(item)] + list(refiner.finish())


def seen_at(numbers: set[int], frames: int, track_id: int = 1) -> list[FrameResult]:
    return [frame(n, *([walker(n, track_id=track_id)] if n in numbers else [])) for n in range(frames)]


def turned_by(turns: Float64) -> list[FrameResult]:
    return [frame(n, walker(n, angle=float(turn))) for n, turn in enumerate(turns)]


@given(axis=vectors, angle=st.floats(1e-4, np.pi - 1e-4), part=st.floats(0, 1), first=vectors)
def test_slerp_turns_at_constant_speed_about_one_axis(
    axis: tuple[float, float, float], angle: float, part: float, first: tuple[float, float, float]
) -> None:
    start = rotation_matrices(np.array(first))
    turn = np.array(axis) / np.linalg.norm(axis) * angle
    between = slerp(start, start @ rotation_matrices(turn), part)
    np.testing.assert_allclose(between, start @ rotation_matrices(part * turn), atol=1e-6)
    np.testing.assert_allclose(between @ between.T, np.eye(3), atol=1e-9)


@given(axis=vectors, angle=st.floats(0, np.pi))
def test_vectors_of_rotations_give_the_rotations_back(axis: tuple[float, float, float], angle: float) -> None:
    turn = rotation_matrices(np.array(axis) / np.linalg.norm(axis) * angle)
    vector = rotation_vectors(turn[None])[0]
    np.testing.assert_allclose(rotation_matrices(vector), turn, atol=1e-6)
    assert np.linalg.norm(vector) == pytest.approx(angle, abs=1e-6)


@given(noise=st.floats(0, 0.3), seed=st.integers(0, 1000))
def test_the_nearest_rotation_is_one_and_leaves_rotations_alone(noise: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    turn = rotation_matrices(random.normal(size=(5, 3)))
    near = nearest_rotations(turn + noise * random.normal(size=turn.shape))
    np.testing.assert_allclose(near @ np.swapaxes(near, 1, 2), np.tile(np.eye(3), (5, 1, 1)), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(near), 1, atol=1e-9)
    np.testing.assert_allclose(nearest_rotations(turn), turn, atol=1e-9)


@given(
    offsets=st.lists(st.integers(-6, 6), min_size=3, max_size=13, unique=True),
    a=st.floats(-5, 5),
    b=st.floats(-5, 5),
    c=st.floats(-5, 5),
)
def test_smoothing_leaves_parabolas_alone(offsets: list[int], a: float, b: float, c: float) -> None:
    times: Float64 = np.array([*offsets, 0] if 0 not in offsets else offsets, np.float64) / RATE
    weights = regression_weights(times, np.ones(len(times)), 0.1)
    assert weights.sum() == pytest.approx(1)
    assert weights @ (a + b * times + c * times**2) == pytest.approx(a, abs=1e-4)


@pytest.mark.parametrize(
    ("seen", "filled"),
    [
        ({0, 1, 2, 3}, set()),
        ({0, 1, 8, 9}, {2, 3, 4, 5, 6, 7}),
        ({0, 11}, set(range(1, 11))),
        ({0, 12}, set()),
        ({5, 8, 12}, {6, 7, 9, 10, 11}),
    ],
)
def test_gaps_up_to_the_longest_are_filled(seen: set[int], filled: set[int]) -> None:
    result = refined(seen_at(seen, 13), GAPS_ONLY)
    assert [item.frame_number for item in result] == list(range(13))
    found = states(result)
    assert {n for n, state in found.items() if state is PersonState.PREDICTED} == filled
    assert {n for n, state in found.items() if state is PersonState.SEEN} == seen


def test_a_filled_gap_lies_on_the_way_from_one_sighting_to_the_other() -> None:
    result = refined(seen_at({0, 1, 8, 9}, 10), GAPS_ONLY)
    np.testing.assert_allclose(angles(result), np.arange(10) / RATE, atol=1e-5)
    persons = [item.persons[0] for item in result]
    np.testing.assert_allclose([p.box[0] for p in persons], 180 + np.arange(10), atol=1e-3)
    np.testing.assert_allclose([p.camera[0] for p in persons], 0.1 * np.arange(10) / RATE, atol=1e-6)
    confidence = [p.tracking_confidence for p in persons[2:8]]
    assert confidence == sorted(confidence, reverse=True)
    assert all(0 < value < 1 for value in confidence)
    expected = BODY.joints(_smpl_of(result[4]))[0]
    np.testing.assert_allclose(persons[4].joints_3d[:44], expected, atol=1e-6)


def _smpl_of(item: FrameResult) -> Smpl:
    person = item.persons[0]
    return Smpl(person.global_orient[None], person.body_pose[None], person.betas[None])


def test_a_pose_spoilt_right_beside_a_gap_hardly_reaches_into_it() -> None:
    spoilt = {9, 20}
    frames = [
        frame(n, walker(n, angle=0.5 if n in spoilt else 0.0)) if n <= 9 or n >= 20 else frame(n) for n in range(50)
    ]
    done = refined(frames, GAPS_ONLY)
    assert np.abs(angles(done)[10:20]).max() < 0.1


def test_what_the_tracker_predicted_in_a_gap_is_replaced() -> None:
    frames = seen_at({0, 6}, 7)
    wrong = walker(3, angle=2.0, predicted_for=3)
    frames[3] = frame(3, wrong)
    np.testing.assert_allclose(angles(refined(frames, GAPS_ONLY)), np.arange(7) / RATE, atol=1e-5)


@pytest.mark.parametrize("parameters", [GAPS_ONLY, BOTH])
def test_nothing_passes_a_change_of_shot(parameters: RefinementParameters) -> None:
    frames = [frame(n, walker(n)) for n in range(6)]
    frames += [frame(n, *([walker(n, angle=1.5)] if n > 8 else []), shot=n == 6) for n in range(6, 14)]
    result = refined(frames, parameters)
    assert set(states(result)) == {*range(6), *range(9, 14)}
    np.testing.assert_allclose(angles(result)[6:], 1.5, atol=1e-5)


def test_a_gap_does_not_mix_people() -> None:
    frames = [frame(0, walker(0), walker(0, track_id=2)), frame(1, walker(1, track_id=2)), frame(2, walker(2))]
    result = refined(frames, GAPS_ONLY)
    assert [[p.track_id for p in item.persons] for item in result] == [[1, 2], [1, 2], [1]]


def test_smoothing_takes_noise_away_and_moves_nothing_in_time() -> None:
    random = np.random.default_rng(3)
    noise = 0.1 * random.normal(size=100)
    truth = 0.8 * np.sin(2 * np.pi * 0.5 * np.arange(100) / RATE)
    frames = turned_by(truth + noise)
    smooth = angles(refined(frames, BOTH))
    assert np.abs(smooth - truth).mean() < np.abs(noise).mean() / 1.5
    assert np.abs(np.diff(smooth, 2)).mean() < np.abs(np.diff(truth + noise, 2)).mean() / 5
    shifts = [np.abs(np.roll(smooth, shift) - truth)[10:-10].mean() for shift in (-2, -1, 0, 1, 2)]
    assert int(np.argmin(shifts)) == 2


def test_smoothing_is_the_same_forwards_and_backwards() -> None:
    random = np.random.default_rng(4)
    noisy = random.normal(scale=0.2, size=40)
    there, back = refined(turned_by(noisy), BOTH), refined(turned_by(noisy[::-1]), BOTH)
    np.testing.assert_allclose(angles(there), angles(back)[::-1], atol=1e-5)


@settings(max_examples=25)
@given(
    seen=st.lists(st.integers(0, 39), min_size=1, max_size=40, unique=True),
    shots=st.lists(st.integers(1, 39), max_size=2, unique=True),
    cut=st.integers(1, 39),
)
def test_a_refiner_that_is_replaced_by_its_state_gives_the_same_frames(
    seen: list[int], shots: list[int], cut: int
) -> None:
    frames = [frame(n, *([walker(n)] if n in seen else []), shot=n in shots) for n in range(40)]
    first = Refiner(BOTH, TRACKING, BODY, RATE)
    parts = [out for item in frames[:cut] for out in first.push(item)]
    second = Refiner(BOTH, TRACKING, BODY, RATE, first.state)
    parts += [out for item in frames[cut:] for out in second.push(item)] + list(second.finish())
    whole = refined(frames, BOTH)
    assert [item.frame_number for item in parts] == list(range(40))
    for one, other in zip(parts, whole, strict=True):
        assert [p.track_id for p in one.persons] == [p.track_id for p in other.persons]
        for a, b in zip(one.persons, other.persons, strict=True):
            np.testing.assert_array_equal(a.pose, b.pose)
            np.testing.assert_array_equal(a.camera, b.camera)


def test_a_long_stream_holds_no_more_than_a_short_one() -> None:
    refiner = Refiner(BOTH, TRACKING, BODY, RATE)
    held = []
    for n in range(400):
        people = [walker(n, track_id=n // 20 + 1)] if n % 20 < 12 else []
        list(refiner.push(frame(n, *people)))
        held.append(sum(len(part) for part in refiner.state.values()))
    assert max(held[300:]) <= max(held[:100])


@pytest.mark.parametrize(
    "values",
    [{"longest_gap": -1}, {"smoothing_seconds": -0.1}, {"smoothing_seconds": 3.0}],
)
def test_settings_outside_their_range_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(values))):
        RefinementParameters(**values)  # type: ignore[arg-type]


def test_the_weights_are_those_of_a_parabola_fitted_under_a_gaussian_of_the_given_width() -> None:
    random = np.random.default_rng(3)
    offsets, trust, values = random.uniform(-0.3, 0.3, 9), random.uniform(1, 2, 9), random.normal(size=9)
    weight = trust * np.exp(-0.5 * (offsets / 0.1) ** 2)
    constant = np.polyfit(offsets, values, 2, w=np.sqrt(weight))[-1]
    assert regression_weights(offsets, trust, 0.1) @ values == pytest.approx(constant, rel=1e-4)
