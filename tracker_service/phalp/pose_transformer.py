"""PHALP's pose transformer around its network: which frame slots are filled, and which token is the prediction.

Upstream: ``phalp/models/predictor/pose_transformer_v2.py``.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from tracker_service.types import POSE_SIZE, Bool, Float32, Int64

PoseNetwork: TypeAlias = Callable[[Float32, Bool, Int64], Float32]
"""Maps poses (n, f, 229), empty slots (n, f) and target slots (n,) to the poses (n, 229) at the targets."""


class TransformerPosePredictor:
    """Predicts poses with the published transformer; a `PosePredictor`.

    Args:
        run: the network; it normalises the poses and decodes only the target token of each track.
        frame_length: slots of the network, one per frame.
        shared_target: repeat upstream's indexing defect: every track is decoded at the target slot of the first one.
    """

    def __init__(self, run: PoseNetwork, frame_length: int, *, shared_target: bool = False) -> None:
        self._run = run
        self._frame_length = frame_length
        self._shared_target = shared_target

    def predict(self, history_pose: Float32, history_time: Int64, steps: Int64) -> Float32:
        """See `PosePredictor.predict`; a target beyond the last slot is decoded there."""
        n, last_slot = len(steps), self._frame_length - 1
        if not n:
            return np.zeros((0, POSE_SIZE), np.float32)
        first = np.maximum(history_time[:, 0], history_time[:, -1] - last_slot)
        slots = history_time - first[:, None]
        rows, columns = np.nonzero(slots >= 0)
        filled = rows, slots[rows, columns]
        poses = np.zeros((n, self._frame_length, POSE_SIZE), np.float32)
        poses[filled] = history_pose[rows, columns]
        empty = np.ones((n, self._frame_length), np.bool_)
        empty[filled] = False
        target = np.minimum(slots[:, -1] + steps, last_slot)
        if self._shared_target:
            target = np.full_like(target, target[0])
        return np.asarray(self._run(poses, empty, target), np.float32)
