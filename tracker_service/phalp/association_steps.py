"""Who continues which track in a frame: everybody at first, then whoever is left over."""

import numpy as np

from tracker_service.phalp.association import associate, associate_identities, with_identities
from tracker_service.phalp.comparison import Comparison, Observed
from tracker_service.phalp.expectation.plausibility import continuation_cost, expected_overlap
from tracker_service.phalp.known_people import KnownPeople, TrackedFrame
from tracker_service.phalp.state.decision import AssociationStep, PairLimits
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Bool, Int64


class AssociationSteps:
    """Assigns the people of a frame to the tracks and enters them there.

    Rows are those of ``known.tracks``.

    Args:
        known: the tracks.
        comparison: gives the cost of pairs.
        parameters: thresholds.
    """

    def __init__(self, known: KnownPeople, comparison: Comparison, parameters: TrackerParameters) -> None:
        self._known = known
        self._comparison = comparison
        self._parameters = parameters

    def everybody(self, frame: TrackedFrame, observed: Observed) -> AssociationStep:
        """Assign all people who may start a track to all tracks."""
        parameters, seen, threshold = self._parameters, observed.sightings, self._parameters.hungarian_th
        terms, cost = self._comparison.compare(frame.prediction, observed, self._known.textures, shot=frame.shot)
        identities = None
        if parameters.use_gt:
            # A copy: the sightings that are entered change those of the tracks.
            identities = self._known.tracks.last.identity.copy(), seen.identity
        if identities is not None and parameters.upstream:
            association = associate_identities(cost, *identities)
        else:
            cost = cost if identities is None else with_identities(cost, *identities)
            association = associate(cost, threshold)
        self._known.see(frame, association.matches, observed)
        limits = PairLimits(given_identities=identities)
        return AssociationStep.of(frame.prediction.track_id, seen, threshold, terms, association, limits)

    def doubtful(self, frame: TrackedFrame, missed: Int64, doubtful: Observed) -> tuple[Int64, AssociationStep | None]:
        """Let doubtful people continue confirmed tracks (after ByteTrack, Zhang et al., 2022).

        Args:
            frame: the frame.
            missed: rows that nobody continues yet.
            doubtful: people who may not start a track.

        Returns:
            The rows still missed, and what was compared; None where nothing was.
        """
        rows = missed[self._known.tracks.confirmed[missed]]
        if not len(rows) or not len(doubtful.sightings):
            return missed, None
        return self.some(frame, missed, rows, doubtful)

    def some(
        self, frame: TrackedFrame, missed: Int64, rows: Int64, doubtful: Observed, allowed: Bool | None = None
    ) -> tuple[Int64, AssociationStep]:
        """Let doubtful people continue ``rows`` of those missed, only the ``allowed`` (rows, people) where given.

        Returns:
            The rows still missed, and what was compared.
        """
        known, seen, threshold = self._known, doubtful.sightings, self._parameters.second_pass_cost
        terms, cost = self._comparison.compare(frame.prediction.take(rows), doubtful, known.textures, shot=False)
        overlap = None
        if terms is not None:
            _, boxes = known.places(frame, rows)
            overlap = expected_overlap(boxes, known.tracks.uncertainty(frame.time)[rows], seen)
            cost = continuation_cost(overlap, seen, (terms, cost), self._parameters)
        if allowed is not None:
            cost = np.where(allowed, cost, np.inf)
        association = associate(cost, threshold)
        matches = np.stack([rows[association.matches[:, 0]], association.matches[:, 1]], axis=1)
        known.see(frame, matches, doubtful)
        limits = PairLimits(overlap, looked_for=allowed)
        step = AssociationStep.of(known.tracks.track_id[rows], seen, threshold, terms, association, limits)
        return np.setdiff1d(missed, matches[:, 0]), step

    def newcomers(self, frame: TrackedFrame, missed: Int64, found: Observed) -> tuple[Int64, Observed, AssociationStep]:
        """Let people found by looking round continue missed tracks; return the rows and the people left over."""
        prediction, threshold = frame.prediction.take(missed), self._parameters.hungarian_th
        terms, cost = self._comparison.compare(prediction, found, self._known.textures, shot=frame.shot)
        association = associate(cost, threshold)
        matches = np.stack([missed[association.matches[:, 0]], association.matches[:, 1]], axis=1)
        self._known.see(frame, matches, found)
        step = AssociationStep.of(prediction.track_id, found.sightings, threshold, terms, association, PairLimits())
        left = found.take(association.unmatched_detections)
        return missed[association.unmatched_tracks], left, step
