"""Zero-phase smoothing: every body and camera becomes the middle of a parabola fitted to the frames around it.

Local quadratic regression with Gaussian weights in time (Savitzky and Golay 1964; Cleveland 1979). Looking as far ahead
as back, it delays nothing in time, and it leaves constant, linear and quadratic motion as it is. Rotations are
averaged as matrices and brought back to the nearest rotation; cameras as place in the image and logarithm of depth.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from tracker_service.phalp.missed_tracks import JointModel
from tracker_service.refinement.bodies import rotations_of, with_bodies
from tracker_service.refinement.delayed_frames import DelayedFrames
from tracker_service.refinement.interpolation import from_view, view_of
from tracker_service.refinement.refinement_parameters import REACH
from tracker_service.refinement.rotations import nearest_rotations
from tracker_service.types import Float64, FrameResult, PersonState, TrackedPerson

_DEGREE = 2
_SIGHTING_WEIGHT = 2.0
"""Weight of a seen frame relative to a predicted or filled one."""
_RIDGE = 1e-9


class Smoother(DelayedFrames):
    """Takes frames in order and gives them back smoothed, ``reach`` frames later.

    Args:
        seconds: standard deviation of the weights in time, positive.
        depth_seconds: the same for depths; 0 takes ``seconds``.
        reach: most frames to either side that are used, at least 1.
        body: gives the joints of smoothed people.
        used: frames, as they came, that another one had given back and still needed, oldest first.
        waiting: frames that it had not given back.
    """

    def __init__(
        self,
        seconds: float,
        depth_seconds: float,
        reach: int,
        body: JointModel,
        used: Iterable[FrameResult] = (),
        waiting: Iterable[FrameResult] = (),
    ) -> None:
        super().__init__(reach, used, waiting)
        self._seconds, self._body = seconds, body
        self._depth_seconds = depth_seconds or seconds

    def _next(self) -> FrameResult:
        around = self._around()
        frame = self._waiting.popleft()
        self._used.append(frame)
        if not frame.persons:
            return frame
        fitted = [self._fit(person, frame, around) for person in frame.persons]
        rotations, betas, cameras = (np.stack(parts) for parts in zip(*fitted, strict=True))
        size = (frame.width, frame.height)
        people = with_bodies(frame.persons, nearest_rotations(rotations), betas, cameras, size, self._body)
        return replace(frame, persons=tuple(people))

    def _around(self) -> list[FrameResult]:
        """Return the frames of the same shot within reach of the next one, itself included."""
        frame = self._waiting[0]
        before: list[FrameResult] = []
        shot = frame.shot
        for earlier in reversed(self._used):
            if shot:
                break
            before.append(earlier)
            shot = earlier.shot
        after: list[FrameResult] = []
        for later in list(self._waiting)[1 : self._reach + 1]:
            if later.shot:
                break
            after.append(later)
        longest = REACH * max(self._seconds, self._depth_seconds)
        return [near for near in (*before, frame, *after) if abs(near.timestamp - frame.timestamp) <= longest]

    def _fit(
        self, person: TrackedPerson, frame: FrameResult, around: Sequence[FrameResult]
    ) -> tuple[Float64, Float64, Float64]:
        """Return matrices near rotations (24, 3, 3), betas (10,) and the camera (3,) of the fitted person."""
        same = [
            (near.timestamp - frame.timestamp, other)
            for near in around
            for other in near.persons
            if other.track_id == person.track_id
        ]
        people = [other for _, other in same]
        trust = np.array([_SIGHTING_WEIGHT if other.state is PersonState.SEEN else 1.0 for other in people])
        offsets = np.array([offset for offset, _ in same])
        weights = regression_weights(offsets, trust, self._seconds)
        views = np.stack([view_of(other) for other in people])
        view = weights @ views
        view[2] = regression_weights(offsets, trust, self._depth_seconds) @ views[:, 2]
        return (
            np.einsum("i,ijkl->jkl", weights, np.stack([rotations_of(other) for other in people])),
            weights @ np.stack([other.betas for other in people]).astype(np.float64),
            from_view(view),
        )


def regression_weights(offsets: Float64, trust: Float64, seconds: float) -> Float64:
    """Return with which weights n values make up the fitted value at offset 0; they add up to 1.

    Args:
        offsets: (n,) times of the values relative to the wanted one, seconds.
        trust: (n,) how much each counts, apart from its distance.
        seconds: standard deviation of the weights in time.
    """
    scaled = offsets / seconds
    powers = np.vander(scaled, min(_DEGREE, len(offsets) - 1) + 1, increasing=True)
    trusted = powers.T * (trust * np.exp(-0.5 * scaled**2))
    normal = trusted @ powers
    normal[np.diag_indices_from(normal)] += _RIDGE * np.trace(normal)
    fitted = np.linalg.solve(normal, trusted)[0]
    return np.asarray(fitted / fitted.sum(), np.float64)
