"""Late frames: answered from their own detection and the answers of their neighbours.

The tracker has moved on and cannot be asked about the past. Who is expected in a late frame follows from the nearest
answers before and after it: somebody named by both is interpolated, somebody named by one stands still. From there on
it is the tracker's own way: detections are assigned to the expected people by PHALP's cost, and who is not detected
is carried on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.spatial.transform import Rotation

from tracker_service.phalp.association import associate
from tracker_service.phalp.carrying import JointModel, carry_on
from tracker_service.phalp.cost import Samples, association_cost
from tracker_service.phalp.location import CAMERA, POSITION, LocationPrediction
from tracker_service.phalp.parameters import TrackerParameters
from tracker_service.phalp.sightings import Sightings
from tracker_service.sessions.frame import FrameAnswer
from tracker_service.sessions.person_memory import PersonMemory
from tracker_service.types import Float32, Float64, People, TrackedPerson

_ROTATIONS = 216
_DRIFT = 0.02
"""Spread of the expected position per frame of distance, as a part of the frame's longer side; of the log depth alike.
Raising it accepts people further from where their neighbours were."""


@dataclass(frozen=True, slots=True)
class _Expected:
    """Somebody expected in the late frame.

    Attributes:
        record: the nearest record of the person.
        age: frames to the nearest sighting.
        distance: frames to the nearest record.
        pose: (229,) float32 expected pose vector.
        position: (2,) float64 expected (u, v).
        camera: (3,) float64 expected camera.
    """

    record: TrackedPerson
    age: int
    distance: int
    pose: Float32
    position: Float64
    camera: Float64

    @classmethod
    def between(cls, number: int, *records: TrackedPerson) -> Self:
        """Interpolate one or two records of a person, the earlier first."""
        distances = [abs(number - record.frame_number) for record in records]
        ages = [record.age + distance for record, distance in zip(records, distances, strict=True)]
        first, last = records[0], records[-1]
        share = distances[0] / max(sum(distances), 1) if len(records) > 1 else 0.0
        nearest = int(np.argmin(distances))
        return cls(
            record=records[nearest],
            age=min(ages),
            distance=distances[nearest],
            pose=_mixed_pose(first.pose, last.pose, share),
            position=_mixed(first.location[POSITION], last.location[POSITION], share),
            camera=_mixed(first.location[CAMERA], last.location[CAMERA], share),
        )


@dataclass(frozen=True, slots=True)
class LateFrames:
    """Answers late frames of one video.

    Attributes:
        parameters: those of the video's tracker.
        body: joints of predicted bodies; without it they keep those last observed.
        new_identity: gives track ids to people whom no neighbour knows.
    """

    parameters: TrackerParameters
    body: JointModel | None
    new_identity: Callable[[], int]

    def people(
        self,
        found: People,
        number: int,
        frame_size: tuple[int, int],
        neighbours: tuple[FrameAnswer | None, FrameAnswer | None],
        memory: PersonMemory,
    ) -> list[TrackedPerson]:
        """Return everybody seen or expected in a late frame, in order of track id.

        Args:
            found: the people detected in it.
            number: its number.
            frame_size: its width and height in pixels.
            neighbours: the nearest answers before and after it.
            memory: how the video's people look.
        """
        seen = Sightings.of(found)
        expected = self._expected(number, neighbours)
        if not expected:
            return [seen.record(row, self.new_identity(), number, 0, 1.0) for row in range(len(seen))]
        last = _last_sightings(expected, seen.appearance.shape[1], memory)
        pose, location = np.stack([one.pose for one in expected]), _location(expected)
        carried = carry_on(last, pose, location, frame_size, self.body)
        tracks = Samples(last.appearance, pose, location.sample())
        detections = Samples.from_vectors(seen.appearance, seen.pose, seen.location)
        matches = self._matches(tracks, detections)
        people = []
        for row, one in enumerate(expected):
            if row not in matches.values():
                confidence = self.parameters.confidence_decay**one.age
                people.append(carried.record(row, one.record.track_id, number, one.age, confidence))
        for row in range(len(seen)):
            known = matches.get(row)
            track_id = self.new_identity() if known is None else expected[known].record.track_id
            people.append(seen.record(row, track_id, number, 0, 1.0))
        return sorted(people, key=lambda person: person.track_id)

    def _expected(self, number: int, neighbours: tuple[FrameAnswer | None, FrameAnswer | None]) -> list[_Expected]:
        by_track: dict[int, list[TrackedPerson]] = {}
        for answer in neighbours:
            for person in () if answer is None else answer.result.persons:
                by_track.setdefault(person.track_id, []).append(person)
        expected = [_Expected.between(number, *records) for records in by_track.values()]
        return [one for one in expected if one.age <= self.parameters.max_age_track]

    def _matches(self, tracks: Samples, detections: Samples) -> dict[int, int]:
        """Return the expected person (row) of each recognised detection (row)."""
        cost = association_cost(tracks, detections, self.parameters)
        return {int(column): int(row) for row, column in associate(cost, self.parameters.hungarian_th).matches}


def _last_sightings(expected: list[_Expected], embedding: int, memory: PersonMemory) -> Sightings:
    """Return the nearest records as sightings, with the looks that answers do not carry."""
    records = [one.record for one in expected]
    unknown = np.zeros(embedding, np.float32)
    remembered = (memory.look(record.track_id) for record in records)
    looks = [unknown if look is None or len(look) != embedding else look for look in remembered]
    return Sightings.of_records(records, np.stack(looks))


def _location(expected: list[_Expected]) -> LocationPrediction:
    drift = _DRIFT * np.array([[one.distance] for one in expected], np.float64)
    return LocationPrediction(
        position=np.stack([one.position for one in expected]),
        camera=np.stack([one.camera for one in expected]),
        spread=np.concatenate([drift, drift, np.exp(drift)], axis=1),
    )


def _mixed(first: Float32, last: Float32, share: float) -> Float64:
    return (1 - share) * first.astype(np.float64) + share * last.astype(np.float64)


def _mixed_pose(first: Float32, last: Float32, share: float) -> Float32:
    """Turn every joint on the shortest way from the first to the last pose; shape and camera are mixed."""
    pose = _mixed(first, last, share)
    if share:
        start = first[:_ROTATIONS].reshape(24, 3, 3)
        turn = Rotation.from_matrix(start.swapaxes(1, 2) @ last[:_ROTATIONS].reshape(24, 3, 3)).as_rotvec()
        pose[:_ROTATIONS] = (start @ Rotation.from_rotvec(share * turn).as_matrix()).reshape(_ROTATIONS)
    return pose.astype(np.float32)
