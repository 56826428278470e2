"""Late frames: answered from their own detection and the answers of their neighbours.

The tracker has moved on and cannot be asked about the past. Who is expected in a late frame follows from the answers
around it; from there on it is the tracker's own way: detections are assigned to the expected people by PHALP's cost,
and who is not detected is carried on.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tracker_service.phalp.association import associate
from tracker_service.phalp.carrying import JointModel, carry_on
from tracker_service.phalp.cost import Samples, association_cost
from tracker_service.phalp.parameters import TrackerParameters
from tracker_service.phalp.sightings import Sightings
from tracker_service.sessions.answers import RecordedAnswers
from tracker_service.sessions.expectation import Expectation, expect
from tracker_service.sessions.person_memory import PersonMemory
from tracker_service.types import Float32, People, TrackedPerson


@dataclass(frozen=True, slots=True)
class LateFrames:
    """Answers late frames of one video.

    Attributes:
        parameters: those of the video's tracker.
        body: joints of predicted bodies; without it they keep those last observed.
        answers: the answers so far.
        memory: how the video's people look.
        new_identity: gives track ids to people whom no answer nearby knows.
    """

    parameters: TrackerParameters
    body: JointModel | None
    answers: RecordedAnswers
    memory: PersonMemory
    new_identity: Callable[[], int]

    def people(self, found: People, number: int, frame_size: tuple[int, int]) -> list[TrackedPerson]:
        """Return everybody seen or expected in a late frame, in order of track id.

        Args:
            found: the people detected in it.
            number: its number.
            frame_size: its width and height in pixels.
        """
        seen = Sightings.of(found)
        expected = expect(number, *self.answers.around(number, self.parameters.max_age_track), self.parameters)
        if not len(expected):
            return [seen.record(row, self.new_identity(), number, 0, 1.0) for row in range(len(seen))]
        looks = self._looks(expected, seen.appearance.shape[1])
        known = self._recognised(expected, looks, seen)
        last = Sightings.of_records(expected.last, looks)
        carried = carry_on(last, expected.pose, expected.location, frame_size, self.body)
        people = []
        for row, (person, age) in enumerate(zip(expected.last, expected.age, strict=True)):
            if row not in known.values():
                confidence = self.parameters.confidence_decay**age
                people.append(carried.record(row, person.track_id, number, age, confidence))
        for row in range(len(seen)):
            track_id = expected.last[known[row]].track_id if row in known else self.new_identity()
            people.append(seen.record(row, track_id, number, 0, 1.0))
        return sorted(people, key=lambda person: person.track_id)

    def _recognised(self, expected: Expectation, looks: Float32, seen: Sightings) -> dict[int, int]:
        """Return which expected person (row) each recognised detection (row) is."""
        tracks = Samples(looks, expected.pose, expected.location.sample())
        detections = Samples.from_vectors(seen.appearance, seen.pose, seen.location)
        matches = associate(association_cost(tracks, detections, self.parameters), self.parameters.hungarian_th).matches
        return {int(column): int(row) for row, column in matches}

    def _looks(self, expected: Expectation, length: int) -> Float32:
        """Return (n, length) appearance vectors, which answers do not carry; zeros where somebody is forgotten."""
        looks = np.zeros((len(expected), length), np.float32)
        for row, person in enumerate(expected.last):
            look = self.memory.look(person.track_id)
            if look is not None and len(look) == length:
                looks[row] = look
        return looks
