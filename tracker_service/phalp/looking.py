"""Further looks into a frame: for people who were expected and not found, and for people whom nobody knows yet."""

import numpy as np

from tracker_service.phalp.association_steps import AssociationSteps
from tracker_service.phalp.comparison import Comparison
from tracker_service.phalp.expectation.expected import expected_people
from tracker_service.phalp.expectation.patience import Patience
from tracker_service.phalp.known_people import KnownPeople, TrackedFrame
from tracker_service.phalp.missed_tracks import visible_part
from tracker_service.phalp.state.decision import AssociationStep
from tracker_service.phalp.state.sightings import Sightings
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import ExpectedPeople, FoundBy, Int64, LookAgain, LookRound, People


class Looking:
    """Decides when to look into a frame again, and for whom.

    Rows are those of ``known.tracks``.

    Args:
        known: the tracks.
        comparison: makes sightings of the people who are found.
        steps: assigns them.
        parameters: for whom, and how often, is looked.

    Attributes:
        patience: when to look round next.
    """

    def __init__(
        self, known: KnownPeople, comparison: Comparison, steps: AssociationSteps, parameters: TrackerParameters
    ) -> None:
        self._known = known
        self._comparison = comparison
        self._steps = steps
        self._parameters = parameters
        self.patience = Patience(parameters.empty_looks)

    def again(
        self, frame: TrackedFrame, missed: Int64, look_again: LookAgain, first_index: int
    ) -> tuple[Int64, AssociationStep | None]:
        """Look once more for the confirmed tracks that were missed.

        Args:
            frame: the frame.
            missed: rows that nobody continues yet.
            look_again: looks for some people.
            first_index: detection index of the first whom it finds.

        Returns:
            The rows still missed, and what was compared; None where nobody was found.
        """
        tracks, wanted = self._known.tracks, self._wanted(frame, missed)
        if wanted is None:
            return missed, None
        rows = np.searchsorted(tracks.track_id, wanted.track_id)
        found = look_again(wanted, tracks.last.box[tracks.last_time == frame.time])
        nobody = np.ones(len(rows), np.bool_) if found is None else ~np.isin(wanted.track_id, found.track_id)
        tracks.empty_looks[rows[nobody]] += 1
        if found is None or not len(found):
            return missed, None
        observed = self._comparison.observe(found.people, first_index, FoundBy.SECOND_LOOK)
        looked_for = found.track_id[observed.sightings.detection_index - first_index]
        return self._steps.some(frame, missed, rows, observed, wanted.track_id[:, None] == looked_for)

    def round(
        self, frame: TrackedFrame, missed: Int64, newcomers: Sightings, refused: Sightings, look_round: LookRound
    ) -> People | None:
        """Look for people whom nobody knows yet, unless somebody is awaited: that one would be found mostly.

        Args:
            frame: the frame.
            missed: rows that nobody continues.
            newcomers: people who start a track.
            refused: people who continue no track and may not start one.
            look_round: looks for people beside those whose boxes it is given.
        """
        if not self.patience.looks(frame.time, shot=frame.shot) or self._awaited(frame, missed):
            return None
        tracks = self._known.tracks
        taken = np.concatenate([tracks.last.box[tracks.last_time == frame.time], newcomers.box])
        found = look_round(refused.box, taken)
        if found is not None:
            self._known.expect_embeddings_of(found)
            self.patience.looked(frame.time, found=len(found) > 0)
        return found

    def _wanted(self, frame: TrackedFrame, missed: Int64) -> ExpectedPeople | None:
        """Return those of the missed confirmed people who are worth a look, None if nobody is."""
        tracks, parameters = self._known.tracks, self._parameters
        rows = missed[tracks.confirmed[missed]]
        rows = rows[tracks.worth_a_look(rows, frame.time, parameters.lost_uncertainty, parameters.empty_looks)]
        if not len(rows):
            return None
        places, boxes = self._known.places(frame, rows)
        seen_now = tracks.last.take(np.flatnonzero(tracks.last_time == frame.time))
        steps, visible = frame.time - tracks.last_time[rows], parameters.least_visible
        wanted = expected_people(tracks.track_id[rows], steps, places, boxes, seen_now, frame.size, visible)
        return wanted if len(wanted) else None

    def _awaited(self, frame: TrackedFrame, missed: Int64) -> bool:
        """Return whether a confirmed person who was missed should be in the frame."""
        rows = missed[self._known.tracks.confirmed[missed] & ~self._known.lost(frame.time)[missed]]
        if frame.shot or not len(rows):
            return False
        boxes = self._known.places(frame, rows)[1]
        return any(visible_part(box, frame.size) >= self._parameters.least_visible for box in boxes)
