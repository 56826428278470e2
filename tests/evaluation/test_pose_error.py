import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tracker_service.errors import ContractError
from tracker_service.evaluation.poses.error import mpjpe, pa_mpjpe, procrustes_aligned
from tracker_service.types import Float64

SEEDS = st.integers(0, 2**32 - 1)
SCALES = st.floats(0.05, 20)
SHIFTS = st.tuples(*[st.floats(-50, 50)] * 3)


def joints(seed: int, count: int = 3) -> Float64:
    return np.random.default_rng(seed).normal(size=(count, 17, 3))


def moved(points: Float64, seed: int, scale: float, shift: tuple[float, ...]) -> Float64:
    rotation = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    result: Float64 = scale * points @ rotation.T + np.array(shift)
    return result


@given(SEEDS, SCALES, SHIFTS)
def test_alignment_undoes_any_similarity_transform(seed: int, scale: float, shift: tuple[float, ...]) -> None:
    truth = joints(seed)

    np.testing.assert_allclose(procrustes_aligned(moved(truth, seed, scale, shift), truth), truth, atol=1e-9)


@given(SEEDS, SCALES, SHIFTS)
def test_aligned_error_does_not_depend_on_where_the_prediction_stands(
    seed: int, scale: float, shift: tuple[float, ...]
) -> None:
    truth, predicted = joints(seed), joints(seed + 1)

    errors = pa_mpjpe(moved(predicted, seed, scale, shift), truth)

    np.testing.assert_allclose(errors, pa_mpjpe(predicted, truth), rtol=1e-7)


@given(SEEDS)
def test_no_similarity_transform_fits_better_than_the_alignment(seed: int) -> None:
    truth, predicted = joints(seed), joints(seed + 1)
    aligned = procrustes_aligned(predicted, truth)
    random = np.random.default_rng(seed)
    nudge = Rotation.from_rotvec(random.normal(scale=0.05, size=3)).as_matrix()

    other = aligned @ nudge.T * random.normal(1, 0.05) + random.normal(scale=0.05, size=3)

    assert (((aligned - truth) ** 2).sum(axis=(1, 2)) <= ((other - truth) ** 2).sum(axis=(1, 2)) + 1e-12).all()


@given(SEEDS, SHIFTS)
def test_root_aligned_error_ignores_translation_only(seed: int, shift: tuple[float, ...]) -> None:
    truth, predicted = joints(seed), joints(seed + 1)

    np.testing.assert_allclose(mpjpe(predicted + np.array(shift), truth), mpjpe(predicted, truth), rtol=1e-9)
    assert (mpjpe(truth * 2, truth) > 0.1).all()


def test_mirrored_person_is_not_a_perfect_one() -> None:
    truth = joints(1)

    assert (pa_mpjpe(truth * [-1, 1, 1], truth) > 0.1).all()


def test_root_aligned_error_is_the_mean_distance() -> None:
    truth = np.zeros((1, 4, 3))
    predicted = np.array([[[5, 5, 5], [5, 5, 6], [5, 7, 5], [8, 5, 9]]], float)

    assert mpjpe(predicted, truth) == pytest.approx([(0 + 1 + 2 + 5) / 4])


def test_root_can_be_the_middle_of_several_joints() -> None:
    truth = np.zeros((1, 2, 3))
    predicted = np.array([[[0, 0, 0], [2, 0, 0]]], float)

    assert mpjpe(predicted, truth) == pytest.approx([1.0])
    assert mpjpe(predicted, truth, root=(0, 1)) == pytest.approx([1.0])
    assert mpjpe(predicted, truth, root=(1,)) == pytest.approx([1.0])
    assert mpjpe(predicted[:, :, ::-1] + 3, truth, root=(0, 1)) == pytest.approx([1.0])


def test_coinciding_points_move_to_the_centre() -> None:
    truth = joints(1)

    aligned = procrustes_aligned(np.ones_like(truth), truth)

    np.testing.assert_allclose(aligned, np.broadcast_to(truth.mean(axis=1, keepdims=True), truth.shape), atol=1e-12)


def test_nobody_has_no_error() -> None:
    assert pa_mpjpe(np.zeros((0, 17, 3)), np.zeros((0, 17, 3))).shape == (0,)


@pytest.mark.parametrize(
    ("predicted", "truth", "message"),
    [
        (np.zeros((1, 5, 3)), np.zeros((1, 6, 3)), r"got \(1, 5, 3\) and \(1, 6, 3\)"),
        (np.zeros((5, 3)), np.zeros((5, 3)), r"expected two arrays of the same shape \(n, J, 3\)"),
        (np.zeros((1, 5, 2)), np.zeros((1, 5, 2)), r"got \(1, 5, 2\)"),
        (np.zeros((1, 0, 3)), np.zeros((1, 0, 3)), r"got \(1, 0, 3\)"),
        (np.full((1, 5, 3), np.nan), np.zeros((1, 5, 3)), "expected finite numbers"),
    ],
)
def test_joints_that_cannot_be_compared_are_refused(predicted: Float64, truth: Float64, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        pa_mpjpe(predicted, truth)
