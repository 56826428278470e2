"""Late frames: answered from their own detection and the answers of their neighbours.

The tracker's state is already past a late frame, so people are predicted for it from the answers around it. Then it is
association as in the tracker: detections are assigned to the predicted people by PHALP's cost, and people without a
detection are reported as predicted.

A person whom only late frames have seen is unknown to the tracker. In the following in-order frames such people are
matched with the tracker's new tracks, and reported as predicted while they have no match.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker_service.body.model import BodyModel
from tracker_service.phalp.association import associate
from tracker_service.phalp.cost import Samples, association_cost
from tracker_service.phalp.expectation.plausibility import may_start
from tracker_service.phalp.missed_tracks import predicted_sightings
from tracker_service.phalp.state.sightings import Sightings
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.sessions.answers import RecordedAnswers
from tracker_service.sessions.late_prediction import PredictedPeople, predict_people
from tracker_service.sessions.person_memory import PersonMemory
from tracker_service.types import Float32, People, TrackedPerson


@dataclass(frozen=True, slots=True)
class _Match:
    """Which of the predicted people were detected.

    Attributes:
        track_ids: identity of each detection row that was matched.
        missed: the people without a detection, as predicted for the frame.
    """

    track_ids: dict[int, int]
    missed: list[TrackedPerson]


class LateFrames:
    """Finds the people of late frames from the answers of their video.

    Args:
        parameters: those of the video's tracker.
        body: computes the joints of predicted people; without it they keep those last observed.
        answers: the answers so far.
        memory: the appearance of the video's people.
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
        self._newest = 0
        self._untracked: dict[int, int] = {}

    def people(self, detected: People, number: int, frame_size: tuple[int, int]) -> list[TrackedPerson]:
        """Return everybody seen or predicted in a late frame, in order of track id.

        Args:
            detected: the people detected in it.
            number: its number.
            frame_size: its width and height in pixels.
        """
        seen = Sightings.of(detected).protect()
        match = self._match(seen, self._predicted(number), number, frame_size)
        people, starting = match.missed, may_start(seen, self._parameters)
        for row in range(len(seen)):
            track_id = match.track_ids.get(row)
            if track_id is None:
                if not starting[row]:
                    continue
                track_id = self._new_identity()
                self._untracked[track_id] = number
            elif track_id in self._untracked:
                self._untracked[track_id] = max(number, self._untracked[track_id])
            people.append(seen.record(row, track_id, number, 0, 1.0))
        self._forget_untracked()
        return sorted(people, key=lambda person: person.track_id)

    def match_newcomers(
        self, newcomers: Sequence[TrackedPerson], number: int, frame_size: tuple[int, int]
    ) -> tuple[dict[int, int], list[TrackedPerson]]:
        """Match the new tracks of an in-order frame with people whom only late frames have seen.

        Args:
            newcomers: people for whom the tracker has just begun tracks.
            number: number of the frame, the highest so far.
            frame_size: its width and height in pixels.

        Returns:
            The earlier identity of each matched newcomer, by the identity the tracker gave it; and the people without a
            match, as predicted for the frame.
        """
        self._newest = number
        self._forget_untracked()
        if not self._untracked:
            return {}, []
        predicted = self._predicted(number, self._untracked)
        if newcomers:
            seen = Sightings.of_records(newcomers, np.stack([person.appearance for person in newcomers]))
        else:
            seen = Sightings.none(0)
        match = self._match(seen, predicted, number, frame_size)
        names = {newcomers[row].track_id: track_id for row, track_id in match.track_ids.items()}
        for track_id in names.values():
            del self._untracked[track_id]
        return names, match.missed

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what is remembered of people whom only late frames have seen, as named arrays."""
        return {"newest": np.array(self._newest), "untracked": np.array(list(self._untracked.items()), np.int64)}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what another one's `arrays` returned."""
        self._newest = int(arrays["newest"])
        self._untracked = dict(arrays["untracked"].reshape(-1, 2).tolist())

    def _predicted(self, number: int, only: dict[int, int] | None = None) -> PredictedPeople:
        before, after = self._answers.around(number, self._parameters.max_age_track)
        return predict_people(number, before, after, self._parameters, only)

    def _forget_untracked(self) -> None:
        """Forget people who have been unseen for longer than a track lives."""
        oldest = self._newest - self._parameters.max_age_track
        self._untracked = {track_id: last for track_id, last in self._untracked.items() if last >= oldest}

    def _match(self, seen: Sightings, predicted: PredictedPeople, number: int, frame_size: tuple[int, int]) -> _Match:
        if not len(predicted):
            return _Match({}, [])
        appearance = self._appearance_of(predicted, seen.appearance.shape[1])
        tracks = Samples(appearance, predicted.pose, predicted.location.sample())
        detections = Samples.from_vectors(seen.appearance, seen.pose, seen.location)
        matches = associate(
            association_cost(tracks, detections, self._parameters), self._parameters.hungarian_th
        ).matches
        last = Sightings.of_records(predicted.last, appearance)
        carried = predicted_sightings(last, predicted.pose, predicted.location, frame_size, self._body).protect()
        missed = np.setdiff1d(np.arange(len(predicted)), matches[:, 0]).tolist()
        decay = self._parameters.confidence_decay
        return _Match(
            track_ids={int(column): predicted.last[row].track_id for row, column in matches},
            missed=[
                carried.record(
                    row, predicted.last[row].track_id, number, predicted.age[row], decay ** predicted.age[row]
                )
                for row in missed
            ],
        )

    def _appearance_of(self, predicted: PredictedPeople, length: int) -> Float32:
        """Return (n, length) appearance vectors, which answers do not carry; zeros for people who are forgotten."""
        appearance = np.zeros((len(predicted), length), np.float32)
        for row, person in enumerate(predicted.last):
            known = self._memory.appearance(person.track_id)
            if known is not None and len(known) == length:
                appearance[row] = known
        return appearance
