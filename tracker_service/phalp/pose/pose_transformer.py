"""PHALP's pose transformer around its network: in which frames a track was seen, and which one is wanted.

Upstream: ``phalp/models/predictor/pose_transformer_v2.py``.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from tracker_service.phalp.pose.pose_prediction import PendingPoses
from tracker_service.types import POSE_SIZE, Float32, Int64

PoseNetwork: TypeAlias = Callable[[Float32, Int64, Int64], PendingPoses]
"""Begins to map sightings (n, h, 229), their frames (n, h) and target frames (n, 1) to the poses (n, 229) there.

Frames are counted from the track's first sighting; a sighting of frame -1 does not count. The network spans a limited
number of frames before the last sighting; a target beyond them is decoded at the last.
"""


class TransformerPosePredictor:
    """Predicts poses with the published transformer; a `PosePredictor`.

    Args:
        run: the network; it normalises the poses and decodes only the target of each track.
        shared_target: repeat upstream's indexing defect: every track is decoded at the target of the first one.
    """

    def __init__(self, run: PoseNetwork, *, shared_target: bool = False) -> None:
        self._run = run
        self._shared_target = shared_target

    def begin(self, history_pose: Float32, history_time: Int64, steps: Int64) -> PendingPoses:
        """See `PosePredictor.begin`."""
        if not len(steps):
            return lambda: np.zeros((0, POSE_SIZE), np.float32)
        frames = history_time - history_time[:, :1]
        target = frames[:, -1:] + steps[:, None]
        if self._shared_target:
            target = np.full_like(target, target[0])
        # The poses are copied: the tracks go on while the network runs.
        return self._run(np.array(history_pose, np.float32), _latest_of_equal(frames), target)


def _latest_of_equal(frames: Int64) -> Int64:
    """Return the frames, of equal ones the latest entry only; the others become -1."""
    latest = frames.copy()
    latest[:, :-1][frames[:, :-1] == frames[:, 1:]] = -1
    return latest
