import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tracker_service.phalp.pose.pose_prediction import ConstantVelocityPose
from tracker_service.phalp.rotations import rotation_matrices, skew_part
from tracker_service.types import Float32, Float64

TIMES = np.arange(7)[None]
vectors = arrays(np.float64, (24, 3), elements=st.floats(-3, 3))


def pose(rotation_vectors: Float64) -> Float32:
    """Pose vectors (…, 229) with the given rotations (…, 24, 3) and a shape of ones."""
    rotations = rotation_matrices(rotation_vectors)
    rest = np.ones((*rotation_vectors.shape[:-2], 13))
    return np.concatenate([rotations.reshape(*rest.shape[:-1], 216), rest], axis=-1).astype(np.float32)


def turning(axis: int, speed: float, steps: int = 7) -> Float32:
    """A history (1, steps, 229) in which every joint turns about one axis, radians a frame."""
    rotation_vectors = np.zeros((1, steps, 24, 3))
    rotation_vectors[..., axis] = speed * np.arange(steps)[:, None]
    return pose(rotation_vectors)


@given(vectors, st.integers(1, 60))
def test_a_constant_pose_stays(rotation_vectors: Float64, steps: int) -> None:
    history = np.repeat(pose(rotation_vectors)[None, None], 7, axis=1)
    predicted = ConstantVelocityPose().predict(history, TIMES, np.array([steps]))
    np.testing.assert_allclose(predicted, history[:, -1], atol=1e-5)


@given(arrays(np.float64, (1, 7, 24, 3), elements=st.floats(-3, 3)), st.integers(1, 60))
def test_predicted_rotations_are_rotations_near_the_last_one(rotation_vectors: Float64, steps: int) -> None:
    history = pose(rotation_vectors)
    predicted = ConstantVelocityPose(largest_turn=0.5).predict(history, TIMES, np.array([steps]))
    rotations = predicted[0, :216].reshape(24, 3, 3).astype(float)
    np.testing.assert_allclose(rotations @ np.swapaxes(rotations, 1, 2), np.tile(np.eye(3), (24, 1, 1)), atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(rotations), 1, atol=1e-5)
    last = history[0, -1, :216].reshape(24, 3, 3)
    cosine = (np.trace(np.swapaxes(last, 1, 2) @ rotations, axis1=1, axis2=2) - 1) / 2
    assert (cosine > np.cos(0.5) - 1e-4).all()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_constant_turn_goes_on(axis: int) -> None:
    expected = turning(axis, 0.05, 8)[:, -1]
    predicted = ConstantVelocityPose(ridge=0.0).predict(turning(axis, 0.05), TIMES, np.array([1]))
    np.testing.assert_allclose(predicted, expected, atol=5e-3)
    np.testing.assert_allclose(predicted[:, 216:], 1, rtol=1e-6)


def test_a_turn_fades_out_while_unseen() -> None:
    steps = np.arange(1, 40)
    history = np.repeat(turning(1, 0.03), len(steps), axis=0)
    predicted = ConstantVelocityPose().predict(history, np.repeat(TIMES, len(steps), axis=0), steps)
    last = history[0, -1, :9].reshape(3, 3)
    angle = skew_part(last.T @ predicted[:, :9].reshape(-1, 3, 3).astype(float))[:, 1]
    assert (np.diff(angle) > -1e-6).all()
    assert angle[-1] - angle[-2] < 1e-4
    assert angle[-1] < 0.03 * 4


def test_no_tracks_give_no_poses() -> None:
    history, times = np.zeros((0, 7, 229), np.float32), np.zeros((0, 7), np.int64)
    assert ConstantVelocityPose().predict(history, times, np.zeros(0, np.int64)).shape == (0, 229)


@given(arrays(np.float64, (5, 3), elements=st.floats(-6, 6)))
def test_rotation_matrices_turn_by_the_length_of_the_vector(rotation_vectors: Float64) -> None:
    rotations = rotation_matrices(rotation_vectors)
    angle = np.linalg.norm(rotation_vectors, axis=1)
    np.testing.assert_allclose(np.trace(rotations, axis1=1, axis2=2), 1 + 2 * np.cos(angle), atol=1e-9)
    fixed = (rotations @ rotation_vectors[:, :, None])[:, :, 0]
    np.testing.assert_allclose(fixed, rotation_vectors, atol=1e-9)
    safe = np.maximum(angle, 1e-9)
    sine = skew_part(rotations)
    np.testing.assert_allclose(sine, rotation_vectors * (np.sin(safe) / safe)[:, None], atol=1e-9)
