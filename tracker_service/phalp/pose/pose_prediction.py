"""Which pose a track will have: the protocol, and the predictor that needs no weights."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias

import numpy as np

from tracker_service.phalp.location import damped_steps
from tracker_service.phalp.rotations import rotation_matrices, skew_part
from tracker_service.types import Float32, Float64, Int64
from tracker_service.types.phalp_vectors import POSE_BETAS, POSE_ROTATIONS
from tracker_service.types.smpl import NUMBER_OF_ROTATIONS

PendingPoses: TypeAlias = Callable[[], Float32]
"""Waits for predicted poses, (n, 229) float32, and raises what kept them from coming; may be called again."""


class PosePredictor(Protocol):
    """Predicts PHALP pose vectors (229: 24 rotation matrices, shape, camera x, y and z/200).

    One predictor may serve several trackers at once.
    """

    def begin(self, history_pose: Float32, history_time: Int64, steps: Int64) -> PendingPoses:
        """Begin to predict the pose of every track some frames after its last sighting, without waiting for it.

        Args:
            history_pose: (n, h, 229) poses of the last h sightings, oldest first; a young track repeats its first one.
            history_time: (n, h) frame numbers of those sightings.
            steps: (n,) frames from the last sighting to the wanted frame, at least 1.
        """
        ...


@dataclass(frozen=True, slots=True)
class ConstantVelocityPose:
    """Turns every joint further at its mean angular velocity over the last sightings, damped.

    A ridge fit over the history in the tangent space of the last rotation, as PHALP does it for the location, so that
    the noise of single frames averages out. The result is a product of rotations, hence a rotation.

    Attributes:
        damping: factor on the velocity per step after the first, in (0, 1). Raising it lets limbs swing further while
            a person is unseen.
        ridge: penalty on the velocity, in frames squared. Raising it needs more evidence for a motion.
        largest_turn: radians that a joint turns at most away from its last rotation. Raising it admits wilder poses.
    """

    damping: float = 0.5
    ridge: float = 20.0
    largest_turn: float = 0.6

    def begin(self, history_pose: Float32, history_time: Int64, steps: Int64) -> PendingPoses:
        """See `PosePredictor.begin`; computed when it is asked for, because it takes next to no time."""
        return partial(self.predict, history_pose, history_time, steps)

    def predict(self, history_pose: Float32, history_time: Int64, steps: Int64) -> Float32:
        """Return the predicted poses, (n, 229) float32; see `PosePredictor.begin`."""
        n, length = history_time.shape
        weights = self._weights(history_time, steps)
        rotations = history_pose[:, :, POSE_ROTATIONS].astype(np.float64)
        mixed = (weights[:, None, :] @ rotations).reshape(n, NUMBER_OF_ROTATIONS, 3, 3)
        last = rotations[:, -1].reshape(n, NUMBER_OF_ROTATIONS, 3, 3)
        turn = skew_part(np.swapaxes(last, -1, -2) @ mixed)
        angle = np.linalg.norm(turn, axis=-1, keepdims=True)
        turn *= np.minimum(1.0, self.largest_turn / np.maximum(angle, 1e-12))
        predicted = history_pose[:, -1].copy()
        predicted[:, POSE_ROTATIONS] = (last @ rotation_matrices(turn)).reshape(n, POSE_ROTATIONS.stop)
        predicted[:, POSE_BETAS] = history_pose[:, :, POSE_BETAS].sum(axis=1) / length
        return predicted

    def _weights(self, history_time: Int64, steps: Int64) -> Float64:
        """Return (n, h), summing to 1: the fitted value at the wanted frame as a combination of the history."""
        times = history_time.astype(np.float64)
        offset = times - times.mean(axis=1, keepdims=True)
        variation = np.einsum("nh,nh->n", offset, offset)
        target = offset[:, -1] + damped_steps(steps.astype(np.float64), self.damping)
        return np.asarray(1 / times.shape[1] + offset * (target / (variation + self.ridge))[:, None])
