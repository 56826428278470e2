"""What a tracker decided in one frame, for those who ask why (`tracker_service.phalp.explain`)."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.phalp.association import Association
from tracker_service.phalp.cost import CostTerms
from tracker_service.phalp.state.sightings import FOUND_BY, Sightings
from tracker_service.types import Bool, Detections, Float32, Float64, FoundBy, Int64


@dataclass(frozen=True, slots=True, eq=False)
class PairLimits:
    """What decides, beside the cost, which of t tracks and d detections may match; None where it does not count.

    Attributes:
        overlap: (t, d) IoU of each detection with the box expected of each track, of which a match needs
            `LEAST_OVERLAP`.
        looked_for: (t, d) whether each detection was looked for where each track is expected: only such pairs match.
        given_identities: (t,) and (d,) given identities, -1 for none.
    """

    overlap: Float64 | None = None
    looked_for: Bool | None = None
    given_identities: tuple[Int64, Int64] | None = None


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
        limits: what else decides which pairs match.
    """

    track_id: Int64
    detection_index: Int64
    box: Float32
    score: Float32
    threshold: float
    terms: CostTerms | None
    association: Association
    limits: PairLimits

    @classmethod
    def of(
        cls,
        track_id: Int64,
        seen: Sightings,
        threshold: float,
        terms: CostTerms | None,
        association: Association,
        limits: PairLimits,
    ) -> Self:
        """Return the assignment of people who were seen in the frame."""
        return cls(track_id, seen.detection_index, seen.box, seen.score, threshold, terms, association, limits)

    @property
    def matched_detections(self) -> Int64:
        """(m,) detections that continued a track."""
        return self.detection_index[self.association.matches[:, 1]]


@dataclass(frozen=True, slots=True, eq=False)
class DoubtfulDetections:
    """Detections that start no track: they lack the evidence, or the detector gave them a low score.

    Attributes:
        refused: (r,) those that continued no track.
        score: (r,) the detector's.
        presence: (r,) the body model's.
        low_score: (r,) whether the low score is why.
        continuing: (c,) those that may continue a confirmed track, whether they do or not.
    """

    refused: Int64
    score: Float32
    presence: Float32
    low_score: Bool
    continuing: Int64

    @classmethod
    def of(cls, refused: Sightings, continuing: Sightings) -> Self:
        """Return the people who continued no track, and those who may continue one."""
        low_score = refused.found_by == FOUND_BY.index(FoundBy.LOW_SCORE)
        index = continuing.detection_index
        return cls(refused.detection_index, refused.score, refused.presence, low_score, index)


@dataclass(frozen=True, slots=True, eq=False)
class LivingTracks:
    """The n tracks that are alive after a frame.

    Attributes:
        track_id: (n,) identities, ascending.
        box: (n, 4) as seen or else as predicted, x1 y1 x2 y2.
        lost: (n,) whether the evidence is against each.
        empty_looks: (n,) second looks since the last sighting that found nobody.
        frame_size: width and height in pixels.
    """

    track_id: Int64
    box: Float32
    lost: Bool
    empty_looks: Int64
    frame_size: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """How the detections of one frame were assigned to the tracks alive before it.

    Attributes:
        frame_number: the frame.
        shot: whether it is the first of a new shot.
        detections: number of detections that the tracker was given, before further looks.
        confirmed, hits, misses: (t,) of the tracks of ``first``, before this frame.
        first: all tracks and all detections that may start one.
        second: confirmed tracks that were left over, and doubtful detections; None where none were compared.
        look: confirmed tracks that were still left over, and people found by looking again where they were expected;
            None where nobody was found.
        round: tracks that were still left over, and people found by looking round; None where nobody was found.
        doubtful: detections that may start no track.
        new_track_id: (k,) identities given in this frame.
        new_detection_index: (k,) the detections they were given to.
        ended: (e,) identities of the tracks that ended in this frame.
        living: the tracks alive after it.
    """

    frame_number: int
    shot: bool
    detections: int
    confirmed: Bool
    hits: Int64
    misses: Int64
    first: AssociationStep
    second: AssociationStep | None
    look: AssociationStep | None
    round: AssociationStep | None
    doubtful: DoubtfulDetections
    new_track_id: Int64
    new_detection_index: Int64
    ended: Int64
    living: LivingTracks

    @property
    def refused(self) -> Int64:
        """(r,) detections that continued no track and lack the evidence to start one."""
        return self.doubtful.refused

    @property
    def found(self) -> Detections:
        """Whom further looks into the frame found; their indices follow those of its other detections."""
        steps = [step for step in (self.look, self.round) if step is not None]
        if not steps:
            return Detections.empty()
        return Detections(*(np.concatenate([getattr(step, name) for step in steps]) for name in ("box", "score")))
