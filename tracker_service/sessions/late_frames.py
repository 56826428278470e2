"""Late frames: answered from their own detection and the answers of their neighbours.

The tracker has moved on and cannot be asked about the past. Who is expected in a late frame follows from the answers
around it; from there on it is the tracker's own way: detections are assigned to the expected people by PHALP's cost,
and who is not detected is carried on.

Somebody whom only late frames have seen is unknown to the tracker. In the frames that follow in their turn such people
are looked for among the tracker's new tracks, and carried on while they are not found.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tracker_service.body.model import BodyModel
from tracker_service.phalp.association import associate
from tracker_service.phalp.cost import Samples, association_cost
from tracker_service.phalp.missed_tracks import predicted_sightings
from tracker_service.phalp.state.sightings import Sightings
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.sessions.answers import RecordedAnswers
from tracker_service.sessions.late_prediction import Expectation, expect
from tracker_service.sessions.person_memory import PersonMemory
from tracker_service.types import Float32, People, TrackedPerson


@dataclass(frozen=True, slots=True)
class _Recognised:
    """Who of the expected people was found.

    Attributes:
        track_ids: identity of each found row that is somebody expected.
        missed: the others, as they are predicted for the frame.
    """

    track_ids: dict[int, int]
    missed: list[TrackedPerson]


class LateFrames:
    """Knows the people of one video from its answers.

    Args:
        parameters: those of the video's tracker.
        body: joints of predicted bodies; without it they keep those last observed.
        answers: the answers so far.
        memory: how the video's people look.
        new_identity: gives track ids to people whom no answer nearby knows.
    """

    def __init__(
        self,
        parameters: TrackerParameters,
        body: BodyModel | None,
        answers: RecordedAnswers,
        memory: PersonMemory,
        new_identity: Callable[[], int],
    ) -> None:
        self._parameters = parameters
        self._body = body
        self._answers = answers
        self._memory = memory
        self._new_identity = new_identity
        self._front = 0
        self._untracked: dict[int, int] = {}

    def people(self, found: People, number: int, frame_size: tuple[int, int]) -> list[TrackedPerson]:
        """Return everybody seen or expected in a late frame, in order of track id.

        Args:
            found: the people detected in it.
            number: its number.
            frame_size: its width and height in pixels.
        """
        seen = Sightings.of(found)
        recognised = self._recognise(seen, self._expected(number), number, frame_size)
        people = recognised.missed
        for row in range(len(seen)):
            track_id = recognised.track_ids.get(row)
            if track_id is None:
                track_id = self._new_identity()
                self._untracked[track_id] = number
            elif track_id in self._untracked:
                self._untracked[track_id] = max(number, self._untracked[track_id])
            people.append(seen.record(row, track_id, number, 0, 1.0))
        self._forget_untracked()
        return sorted(people, key=lambda person: person.track_id)

    def reunite(
        self, newcomers: Sequence[TrackedPerson], number: int, frame_size: tuple[int, int]
    ) -> tuple[dict[int, int], list[TrackedPerson]]:
        """Look for people whom only late frames have seen in a frame that was answered in its turn.

        Args:
            newcomers: people for whom the tracker has just begun tracks.
            number: number of the frame, the highest so far.
            frame_size: its width and height in pixels.

        Returns:
            The identities that newcomers have already, by the identity the tracker gave them; and who was not found, as
            predicted for the frame.
        """
        self._front = number
        self._forget_untracked()
        if not self._untracked:
            return {}, []
        expected = self._expected(number, self._untracked)
        looks = [person.appearance for person in newcomers]
        appearance = np.stack(looks) if looks else np.zeros((0, 0), np.float32)
        seen = Sightings.of_records(newcomers, appearance) if looks else Sightings.none(0)
        recognised = self._recognise(seen, expected, number, frame_size)
        names = {newcomers[row].track_id: track_id for row, track_id in recognised.track_ids.items()}
        for track_id in names.values():
            del self._untracked[track_id]
        return names, recognised.missed

    def _expected(self, number: int, only: dict[int, int] | None = None) -> Expectation:
        before, after = self._answers.around(number, self._parameters.max_age_track)
        return expect(number, before, after, self._parameters, only)

    def _forget_untracked(self) -> None:
        """Forget people who have been unseen for too long to be found again after the last frame in turn."""
        oldest = self._front - self._parameters.max_age_track
        self._untracked = {track_id: last for track_id, last in self._untracked.items() if last >= oldest}

    def _recognise(
        self, seen: Sightings, expected: Expectation, number: int, frame_size: tuple[int, int]
    ) -> _Recognised:
        if not len(expected):
            return _Recognised({}, [])
        looks = self._looks(expected, seen.appearance.shape[1])
        tracks = Samples(looks, expected.pose, expected.location.sample())
        detections = Samples.from_vectors(seen.appearance, seen.pose, seen.location)
        matches = associate(
            association_cost(tracks, detections, self._parameters), self._parameters.hungarian_th
        ).matches
        last = Sightings.of_records(expected.last, looks)
        carried = predicted_sightings(last, expected.pose, expected.location, frame_size, self._body)
        missed = np.setdiff1d(np.arange(len(expected)), matches[:, 0]).tolist()
        decay = self._parameters.confidence_decay
        return _Recognised(
            track_ids={int(column): expected.last[row].track_id for row, column in matches},
            missed=[
                carried.record(row, expected.last[row].track_id, number, expected.age[row], decay ** expected.age[row])
                for row in missed
            ],
        )

    def _looks(self, expected: Expectation, length: int) -> Float32:
        """Return (n, length) appearance vectors, which answers do not carry; zeros where somebody is forgotten."""
        looks = np.zeros((len(expected), length), np.float32)
        for row, person in enumerate(expected.last):
            look = self._memory.look(person.track_id)
            if look is not None and len(look) == length:
                looks[row] = look
        return looks
