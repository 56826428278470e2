import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_service.errors import ContractError
from tracker_service.types import CameraMotion, Float64


def similarity(angle: float, scale: float, x: float, y: float) -> Float64:
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cos, -sin, x], [sin, cos, y], [0, 0, 1]])


motions = st.builds(similarity, st.floats(-1, 1), st.floats(0.5, 2), st.floats(-300, 300), st.floats(-300, 300))


@given(motions)
def test_motion_and_its_inverse_bring_a_point_back(matrix: Float64) -> None:
    points = np.array([[0.0, 0.0], [640.0, 10.0], [-30.0, 360.0]])
    there = CameraMotion(matrix).apply(points)
    back = CameraMotion(np.linalg.inv(matrix).astype(np.float64)).apply(there)
    np.testing.assert_allclose(back, points, atol=1e-6)


def test_a_homography_is_divided_by_its_last_coordinate() -> None:
    motion = CameraMotion(np.array([[2.0, 0, 4], [0, 2, 6], [0, 0, 2]]))
    assert motion.apply(np.array([10.0, 20.0])).tolist() == [12, 23]


def test_only_a_known_identity_is_still() -> None:
    assert CameraMotion.none().still
    assert not CameraMotion(np.eye(3), confidence=0).still
    assert not CameraMotion(similarity(0, 1, 1e-6, 0)).still


@pytest.mark.parametrize(
    ("matrix", "confidence", "message"),
    [
        (np.zeros((3, 3)), 1.0, "invertible"),
        (np.full((3, 3), np.nan), 1.0, "invertible"),
        (np.eye(3), 1.5, "from 0 to 1, got 1.5"),
        (np.eye(2), 1.0, r"expected shape \(3, 3\), got \(2, 2\)"),
    ],
)
def test_a_motion_that_makes_no_sense_is_refused(matrix: Float64, confidence: float, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        CameraMotion(matrix, confidence)
