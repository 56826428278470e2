from functools import lru_cache
from typing import Any

import numpy as np

from tests.phalp.golden import Arrays, dequantised, load
from tests.phalp.pose.reference_pose_network import pose_network
from tracker_service.phalp.pose.pose_prediction import PendingPoses
from tracker_service.phalp.pose.pose_transformer import TransformerPosePredictor
from tracker_service.types import Float32, Int64


@lru_cache
def golden() -> Arrays:
    return load("pose_predictor")


def history(arrays: Arrays) -> tuple[Float32, Int64, Int64]:
    poses = dequantised(arrays["history_pose_q"], 4096)
    return poses, arrays["history_time"], arrays["time_since_update"] + 1


def predictor(arrays: Arrays, *, shared_target: bool = False) -> TransformerPosePredictor:
    return TransformerPosePredictor(pose_network(arrays), shared_target=shared_target)


def test_each_track_is_decoded_at_its_own_slot() -> None:
    arrays = golden()
    predicted = predictor(arrays).begin(*history(arrays))()
    np.testing.assert_allclose(predicted, arrays["predicted_per_track"], atol=5e-4)


def test_shared_target_repeats_the_upstream_batch_defect() -> None:
    arrays = golden()
    predicted = predictor(arrays, shared_target=True).begin(*history(arrays))()
    np.testing.assert_allclose(predicted, arrays["predicted_upstream_batch"], atol=5e-4)


class Recording:
    """A network that remembers what it was given."""

    def __call__(self, poses: Float32, frames: Int64, target: Int64) -> PendingPoses:
        self.poses, self.frames, self.target = poses, frames, target
        return lambda: poses[:, -1]


def test_of_the_sightings_of_a_frame_the_latest_counts() -> None:
    arrays = golden()
    poses, times, steps = history(arrays)
    network = Recording()
    TransformerPosePredictor(network).begin(poses, times, steps)
    assert np.minimum(network.target[:, 0], 124).tolist() == arrays["target_slot"].tolist()
    np.testing.assert_array_equal(network.poses, poses)
    for own, seen in zip(network.frames, times - times[:, :1], strict=True):
        assert own[own >= 0].tolist() == sorted(set(seen.tolist()))
        assert own[-1] == seen[-1]


def test_the_network_keeps_what_it_was_given_while_the_tracks_go_on() -> None:
    poses, times, steps = history(golden())
    pending = TransformerPosePredictor(Recording()).begin(poses, times, steps)
    before = poses[:, -1].copy()
    poses[:] = 0
    np.testing.assert_array_equal(pending(), before)


def test_no_tracks_give_no_poses_and_no_network_call() -> None:
    def never(*_: Any) -> PendingPoses:
        raise AssertionError

    pending = TransformerPosePredictor(never).begin(
        np.zeros((0, 7, 229), np.float32), np.zeros((0, 7), np.int64), np.zeros(0, np.int64)
    )
    predicted = pending()
    assert predicted.shape == (0, 229)
