from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from tests.phalp.golden import Arrays, dequantised, load
from tests.phalp.pose.reference_pose_network import pose_network
from tracker_service.phalp.pose_transformer import TransformerPosePredictor
from tracker_service.types import Bool, Float32, Int64


@lru_cache
def golden() -> Arrays:
    return load("pose_predictor")


def history(arrays: Arrays) -> tuple[Float32, Int64, Int64]:
    poses = dequantised(arrays["history_pose_q"], 4096)
    return poses, arrays["history_time"], arrays["time_since_update"] + 1


def predictor(arrays: Arrays, *, shared_target: bool = False) -> TransformerPosePredictor:
    return TransformerPosePredictor(pose_network(arrays), int(arrays["frame_length"]), shared_target=shared_target)


def test_each_track_is_decoded_at_its_own_slot() -> None:
    arrays = golden()
    predicted = predictor(arrays).predict(*history(arrays))
    np.testing.assert_allclose(predicted, arrays["predicted_per_track"], atol=5e-4)


def test_shared_target_repeats_the_upstream_batch_defect() -> None:
    arrays = golden()
    predicted = predictor(arrays, shared_target=True).predict(*history(arrays))
    np.testing.assert_allclose(predicted, arrays["predicted_upstream_batch"], atol=5e-4)


class Recording:
    """A network that remembers what it was given."""

    def __call__(self, poses: Float32, empty: Bool, target: Int64) -> Float32:
        self.poses, self.empty, self.target = poses, empty, target
        return poses[np.arange(len(target)), target]


def test_slots_hold_the_latest_sighting_of_their_frame() -> None:
    arrays = golden()
    poses, times, steps = history(arrays)
    network = Recording()
    TransformerPosePredictor(network, 125).predict(poses, times, steps)
    assert network.target.tolist() == arrays["target_slot"].tolist()
    for track in range(len(poses)):
        slots = times[track] - times[track, 0]
        assert np.flatnonzero(~network.empty[track]).tolist() == sorted(set(slots.tolist()))
        np.testing.assert_array_equal(network.poses[track, slots[-1]], poses[track, -1])


def test_a_history_longer_than_the_network_drops_its_oldest_sightings() -> None:
    network = Recording()
    poses = np.arange(4, dtype=np.float32)[None, :, None] * np.ones((1, 4, 229), np.float32)
    times = np.array([[0, 5, 12, 15]])
    TransformerPosePredictor(network, 11).predict(poses, times, np.array([3]))
    assert np.flatnonzero(~network.empty[0]).tolist() == [0, 7, 10]
    assert network.poses[0, [0, 7, 10], 0] == pytest.approx([1, 2, 3])
    assert network.target.tolist() == [10]


def test_no_tracks_give_no_poses_and_no_network_call() -> None:
    def never(*_: Any) -> Float32:
        raise AssertionError

    predicted = TransformerPosePredictor(never, 11).predict(
        np.zeros((0, 7, 229), np.float32), np.zeros((0, 7), np.int64), np.zeros(0, np.int64)
    )
    assert predicted.shape == (0, 229)
