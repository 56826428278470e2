from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tracker_service.errors import ContractError
from tracker_service.people.estimates import BodyEstimates


def outputs(n: int) -> dict[str, NDArray[Any]]:
    return {
        "global_orient": np.zeros((n, 1, 3, 3), np.float32),
        "body_pose": np.zeros((n, 23, 3, 3), np.float32),
        "betas": np.zeros((n, 10), np.float32),
        "pred_cam": np.arange(3 * n, dtype=np.float32).reshape(n, 3),
        "joints_3d": np.zeros((n, 44, 3), np.float32),
        "presence": np.linspace(0, 1, n, dtype=np.float32)[:, None],
    }


def test_model_outputs_are_read() -> None:
    estimates = BodyEstimates.from_tensors(outputs(3))
    assert estimates.presence.tolist() == [0.0, 0.5, 1.0]
    assert len(estimates) == 3


@pytest.mark.parametrize("name", BodyEstimates.TENSORS)
def test_a_missing_output_is_named(name: str) -> None:
    tensors = outputs(2)
    del tensors[name]
    with pytest.raises(ContractError, match=name):
        BodyEstimates.from_tensors(tensors)


def test_an_output_of_another_length_is_refused() -> None:
    with pytest.raises(ContractError, match=r"crop_cameras: expected shape \(2, 3\), got \(3, 3\)"):
        BodyEstimates.from_tensors(outputs(2) | {"pred_cam": np.zeros((3, 3), np.float32)})


def test_joined_estimates_can_be_taken_apart_again() -> None:
    parts = [BodyEstimates.from_tensors(outputs(n)) for n in (2, 0, 3)]
    joined = BodyEstimates.concatenate(parts)
    last = joined.take(np.array([2, 3, 4]))
    np.testing.assert_array_equal(last.crop_cameras, parts[2].crop_cameras)
    assert len(last.smpl) == 3


def test_joining_nothing_gives_nobody() -> None:
    assert len(BodyEstimates.concatenate([])) == 0
