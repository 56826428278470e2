"""Predicts the people of a late frame from the answers to the frames around it.

A person seen before and after the frame is interpolated between the two sightings. A person seen on one side only is
extrapolated as the tracker does it, backwards in time where the sightings come after the frame.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.spatial.transform import Rotation

from tracker_service.phalp.location import LocationPrediction, predict_location
from tracker_service.phalp.pose.pose_prediction import ConstantVelocityPose
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.sessions.frame import FrameAnswer
from tracker_service.types import LOCATION_SIZE, POSE_SIZE, Float32, Float64, PersonState, TrackedPerson
from tracker_service.types.phalp_vectors import LOCATION_CAMERA, LOCATION_POSITION, LOCATION_SERIES, POSE_ROTATIONS
from tracker_service.types.smpl import NUMBER_OF_ROTATIONS

_DRIFT = 0.01
"""Spread of an interpolated position per frame to the nearest sighting, as a part of the frame's longer side; also of
the log depth. Raising it accepts people further from the straight line."""


@dataclass(frozen=True, slots=True, eq=False)
class PredictedPeople:
    """n people predicted for a frame.

    Attributes:
        last: their nearest sightings.
        age: frames to those.
        pose: (n, 229) float32 predicted pose vectors.
        location: predicted locations.
    """

    last: tuple[TrackedPerson, ...]
    age: tuple[int, ...]
    pose: Float32
    location: LocationPrediction

    def __len__(self) -> int:
        return len(self.last)

    def joined(self, other: Self) -> Self:
        """Return the people of this followed by those of ``other``."""
        ours, theirs = self.location, other.location
        return type(self)(
            self.last + other.last,
            self.age + other.age,
            np.concatenate([self.pose, other.pose]),
            LocationPrediction(
                np.concatenate([ours.position, theirs.position]),
                np.concatenate([ours.camera, theirs.camera]),
                np.concatenate([ours.spread, theirs.spread]),
            ),
        )


def predict_people(
    number: int,
    before: Iterable[FrameAnswer],
    after: Iterable[FrameAnswer],
    parameters: TrackerParameters,
    only: Collection[int] | None = None,
) -> PredictedPeople:
    """Return the people predicted for frame ``number``.

    Args:
        number: the frame.
        before: answers to the frames before it, the nearest first.
        after: answers to those after it, the nearest first.
        parameters: sightings used for a prediction, and how motion fades.
        only: track ids of interest, None for everybody.
    """
    earlier, later = (_sightings(side, parameters.track_history, only) for side in (before, after))
    on_both_sides = [(earlier[track_id][0], later[track_id][0]) for track_id in earlier if track_id in later]
    on_one_side = [seen for track_id, seen in earlier.items() if track_id not in later]
    on_one_side += [seen for track_id, seen in later.items() if track_id not in earlier]
    return _interpolated(number, on_both_sides).joined(_extrapolated(number, on_one_side, parameters))


def _sightings(
    answers: Iterable[FrameAnswer], most: int, only: Collection[int] | None
) -> dict[int, list[TrackedPerson]]:
    """Return up to ``most`` sightings of everybody, the nearest first."""
    sightings: dict[int, list[TrackedPerson]] = {}
    for answer in answers:
        for person in answer.result.persons:
            if person.state is PersonState.SEEN and (only is None or person.track_id in only):
                seen = sightings.setdefault(person.track_id, [])
                if len(seen) < most:
                    seen.append(person)
    return sightings


def _interpolated(number: int, pairs: Sequence[tuple[TrackedPerson, TrackedPerson]]) -> PredictedPeople:
    firsts, lasts = tuple(first for first, _ in pairs), tuple(last for _, last in pairs)
    to_first = np.array([number - first.frame_number for first in firsts], np.int64)
    to_last = np.array([last.frame_number - number for last in lasts], np.int64)
    fraction = (to_first / np.maximum(to_first + to_last, 1))[:, None]
    age = np.minimum(to_first, to_last)
    start, end = _column(firsts, "location", LOCATION_SIZE), _column(lasts, "location", LOCATION_SIZE)
    drift = _DRIFT * age.astype(np.float64)[:, None]
    return PredictedPeople(
        last=tuple(
            first if near else last for first, last, near in zip(firsts, lasts, to_first <= to_last, strict=True)
        ),
        age=tuple(age.tolist()),
        pose=_interpolated_pose(_column(firsts, "pose", POSE_SIZE), _column(lasts, "pose", POSE_SIZE), fraction),
        location=LocationPrediction(
            position=_lerp(start[:, LOCATION_POSITION], end[:, LOCATION_POSITION], fraction),
            camera=_lerp(start[:, LOCATION_CAMERA], end[:, LOCATION_CAMERA], fraction),
            spread=np.concatenate([drift, drift, np.exp(drift)], axis=1),
        ),
    )


def _extrapolated(
    number: int, histories: Sequence[Sequence[TrackedPerson]], parameters: TrackerParameters
) -> PredictedPeople:
    length = parameters.track_history
    nearest = tuple(seen[0] for seen in histories)
    full = [[*seen, *[seen[-1]] * (length - len(seen))][::-1] for seen in histories]
    # Time is mirrored where the sightings come after the frame, so that it always runs towards the frame.
    times = -np.array([[abs(number - person.frame_number) for person in seen] for seen in full], np.int64)
    times = times.reshape(-1, length)
    steps = -times[:, -1]
    location = np.array([[person.location[LOCATION_SERIES] for person in seen] for seen in full], np.float32)
    poses = np.array([[person.pose for person in seen] for seen in full], np.float32)
    return PredictedPeople(
        last=nearest,
        age=tuple(steps.tolist()),
        pose=ConstantVelocityPose().predict(poses.reshape(-1, length, POSE_SIZE), times, steps),
        location=predict_location(times, location.reshape(-1, length, 3), steps, damping=parameters.damping),
    )


def _column(people: Sequence[TrackedPerson], name: str, size: int) -> Float32:
    return np.array([getattr(person, name) for person in people], np.float32).reshape(-1, size)


def _lerp(first: Float32, last: Float32, fraction: Float64) -> Float64:
    return (1 - fraction) * first.astype(np.float64) + fraction * last.astype(np.float64)


def _interpolated_pose(first: Float32, last: Float32, fraction: Float64) -> Float32:
    """Rotate every joint along the shortest arc (slerp); interpolate shape and camera linearly."""
    pose = _lerp(first, last, fraction)
    if len(pose):
        start, end = first[:, POSE_ROTATIONS].reshape(-1, 3, 3), last[:, POSE_ROTATIONS].reshape(-1, 3, 3)
        rotation = Rotation.from_matrix(start.swapaxes(1, 2) @ end).as_rotvec() * np.repeat(
            fraction, NUMBER_OF_ROTATIONS, axis=0
        )
        turned = (start @ Rotation.from_rotvec(rotation).as_matrix()).reshape(len(pose), -1)
        pose[:, POSE_ROTATIONS] = turned
    return pose.astype(np.float32)
