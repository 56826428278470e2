"""What a tracker decided in one frame, for those who ask why (`tracker_service.phalp.explain`)."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.phalp.association import Association
from tracker_service.phalp.cost import CostTerms
from tracker_service.phalp.state.sightings import Sightings
from tracker_service.types import Bool, Detections, Float32, Int64


@dataclass(frozen=True, slots=True, eq=False)
class AssociationStep:
    """One assignment of detections to tracks; the rows and columns of its arrays are these.

    Attributes:
        track_id: (t,) identities of the tracks.
        detection_index: (d,) detections of the frame.
        box, score: (d, 4), (d,) of these detections.
        threshold: highest cost of a match.
        terms: of the cost of all pairs; None where there are no pairs.
        association: the outcome.
    """

    track_id: Int64
    detection_index: Int64
    box: Float32
    score: Float32
    threshold: float
    terms: CostTerms | None
    association: Association

    @classmethod
    def of(
        cls, track_id: Int64, seen: Sightings, threshold: float, terms: CostTerms | None, association: Association
    ) -> Self:
        """Return the assignment of people who were seen in the frame."""
        return cls(track_id, seen.detection_index, seen.box, seen.score, threshold, terms, association)

    @property
    def matched_detections(self) -> Int64:
        """(m,) detections that continued a track."""
        return self.detection_index[self.association.matches[:, 1]]


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """How the detections of one frame were assigned to the tracks alive before it.

    Attributes:
        frame_number: the frame.
        shot: whether it is the first of a new shot.
        confirmed, hits, misses: (t,) of the tracks of ``first``, before this frame.
        first: all tracks and all detections.
        second: confirmed tracks that were left over, and low-score detections; None where none were compared.
        look: confirmed tracks that were still left over, and people found by looking again where they were expected;
            None where nobody was found.
        round: tracks that were still left over, and people found by looking round; None where nobody was found.
        refused: (r,) detections that continued no track and lack the evidence to start one.
        new_track_id: (k,) identities given in this frame.
        new_detection_index: (k,) the detections they were given to.
        ended: (e,) identities of the tracks that ended in this frame.
    """

    frame_number: int
    shot: bool
    confirmed: Bool
    hits: Int64
    misses: Int64
    first: AssociationStep
    second: AssociationStep | None
    look: AssociationStep | None
    round: AssociationStep | None
    refused: Int64
    new_track_id: Int64
    new_detection_index: Int64
    ended: Int64

    @property
    def found(self) -> Detections:
        """Whom further looks into the frame found; their indices follow those of its other detections."""
        steps = [step for step in (self.look, self.round) if step is not None]
        if not steps:
            return Detections.empty()
        return Detections(*(np.concatenate([getattr(step, name) for step in steps]) for name in ("box", "score")))
