"""Tracking and joint errors against exact ground truth: who was tracked, how completely, how far joints are off."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import orjson
from scipy.optimize import linear_sum_assignment

from tracker_service.evaluation.box_overlap import LEAST_OVERLAP, pairwise_iou
from tracker_service.evaluation.jitter import Jitter, JitterMeter
from tracker_service.evaluation.poses.person_matches import JointError, PersonMatches
from tracker_service.evaluation.poses.truth import PoseTruth
from tracker_service.results.ndjson import read_results
from tracker_service.results.records import FrameRecord
from tracker_service.types import Int64, PersonState

# Larger than any overlap: a person who was matched stays matched while the boxes still overlap enough, as in CLEAR.
_CONTINUITY = 1000.0
VISIBLE = 0.5
"""Seen share of a body from which a person counts as visible."""


@dataclass(frozen=True, slots=True)
class PersonScore:
    """How one person of the ground truth was tracked.

    Attributes:
        truth_id: id in the ground truth.
        frames: frames in which the person is in the image, hidden or not.
        matched: frames of these in which a result overlaps the person enough.
        visible_frames, visible_matched: the same for the frames in which at least half of the person is seen.
        coverage: share of the frames from the first to the last match that hold the person's track, matched or not;
            1.0 is gapless, 0.0 stands for nobody matched.
        track_ids: result ids in the order in which they were first matched.
        id_switches: times the matched id changed.
        error: joint error over all matches.
    """

    truth_id: int
    frames: int
    matched: int
    visible_frames: int
    visible_matched: int
    coverage: float
    track_ids: tuple[int, ...]
    id_switches: int
    error: JointError


@dataclass(frozen=True, slots=True)
class PoseMatches:
    """Who was matched with whom, frame by frame.

    Attributes:
        people: one a person of the ground truth, in its order.
        false: frame number and state of every result that matches nobody.
    """

    people: tuple[PersonMatches, ...]
    false: list[tuple[int, PersonState]]


@dataclass(frozen=True, slots=True)
class PoseEvaluation:
    """Scores of a video with exact ground truth.

    Attributes:
        people: one score per person of the ground truth.
        seen, predicted: joint errors over the matches of seen and of predicted people.
        jitter: mean acceleration of the joints of matched people.
        false_seen, false_predicted: person-frames of the results that match nobody.
        frames: frames of the ground truth.
    """

    people: tuple[PersonScore, ...]
    seen: JointError
    predicted: JointError
    jitter: Jitter
    false_seen: int
    false_predicted: int
    frames: int

    @classmethod
    def of(cls, matches: PoseMatches, truth: PoseTruth) -> Self:
        """Score what `match_poses` has matched."""
        in_view, visible = truth.in_view, truth.in_view & (truth.visibility >= VISIBLE)
        people, false = matches.people, [state for _, state in matches.false]
        return cls(
            people=tuple(
                PersonScore(
                    truth_id=int(truth.ids[row]),
                    frames=int(in_view[:, row].sum()),
                    matched=len(person.frames),
                    visible_frames=int(visible[:, row].sum()),
                    visible_matched=int(visible[person.frames, row].sum()),
                    coverage=person.coverage,
                    track_ids=tuple(dict.fromkeys(person.track_ids)),
                    id_switches=person.id_switches,
                    error=JointError.of([person.errors]),
                )
                for row, person in enumerate(people)
            ),
            seen=JointError.of([person.errors_of(PersonState.SEEN) for person in people]),
            predicted=JointError.of([person.errors_of(PersonState.PREDICTED) for person in people]),
            jitter=JitterMeter.of(person.jitter for person in people),
            false_seen=false.count(PersonState.SEEN),
            false_predicted=false.count(PersonState.PREDICTED),
            frames=truth.number_of_frames,
        )

    @property
    def id_switches(self) -> int:
        """Id switches of all people."""
        return sum(person.id_switches for person in self.people)

    @property
    def followed(self) -> int:
        """People who were matched at least once."""
        return sum(person.matched > 0 for person in self.people)

    def to_json(self) -> bytes:
        """Return the scores as indented JSON."""
        record = asdict(self) | {"id_switches": self.id_switches, "followed": self.followed}
        return orjson.dumps(record, option=orjson.OPT_INDENT_2)

    def text(self) -> str:
        """Return a few plain lines for the terminal."""
        return "\n".join(
            (
                f"{self.followed} of {len(self.people)} people followed, {self.id_switches} id switches,"
                f" {self.frames} frames",
                f"false boxes: {self.false_seen} seen, {self.false_predicted} predicted",
                f"joint error of seen people: {self.seen.text()}",
                f"joint error of predicted people: {self.predicted.text()}",
                f"jitter: {self.jitter.text()}",
                *(_person_text(person) for person in self.people),
            )
        )


def evaluate_poses(results: Path, ground_truth: Path, *, minimum_overlap: float = LEAST_OVERLAP) -> PoseEvaluation:
    """Score ``results.ndjson`` against the exact ground truth of a rendered clip.

    Args:
        results: file written by `NdjsonWriter`.
        ground_truth: archive read by `PoseTruth.load`.
        minimum_overlap: smallest overlap of a match, see `LEAST_OVERLAP`.

    Raises:
        ResultsError: a file is unreadable or malformed.
    """
    return score_poses(read_results(results), PoseTruth.load(ground_truth), minimum_overlap=minimum_overlap)


def score_poses(
    frames: Iterable[FrameRecord], truth: PoseTruth, *, minimum_overlap: float = LEAST_OVERLAP
) -> PoseEvaluation:
    """Score result frames against ``truth`` by frame number; frames beyond the truth are left out."""
    return PoseEvaluation.of(match_poses(frames, truth, minimum_overlap=minimum_overlap), truth)


def match_poses(
    frames: Iterable[FrameRecord], truth: PoseTruth, *, minimum_overlap: float = LEAST_OVERLAP
) -> PoseMatches:
    """Match result frames with ``truth`` by frame number; frames beyond the truth are left out."""
    in_view = truth.in_view
    matches = PoseMatches(tuple(PersonMatches() for _ in truth.ids), [])
    for frame in frames:
        if frame.frame_number < truth.number_of_frames:
            present = np.flatnonzero(in_view[frame.frame_number])
            free = _match_frame(frame, truth, present, matches.people, minimum_overlap)
            matches.false.extend((frame.frame_number, state) for state in free)
    return matches


def _match_frame(
    frame: FrameRecord, truth: PoseTruth, present: Int64, matches: tuple[PersonMatches, ...], minimum_overlap: float
) -> list[PersonState]:
    """Match one frame; return the states of its people who match nobody."""
    number = frame.frame_number
    found = np.array([person.bbox for person in frame.persons], np.float64).reshape(-1, 4)
    overlap = pairwise_iou(truth.boxes_xywh(number)[present], found)
    same = np.array([[person.track_id == matches[row].track_id for person in frame.persons] for row in present], bool)
    allowed = overlap >= minimum_overlap
    preference = np.where(allowed, overlap + _CONTINUITY * same.reshape(overlap.shape), 0.0)
    rows, columns = linear_sum_assignment(-preference)
    pairs = [(int(row), int(column)) for row, column in zip(rows, columns, strict=True) if allowed[row, column]]
    matched = {int(present[row]): frame.persons[column] for row, column in pairs}
    taken = {person.track_id for person in matched.values()}
    free = [person for person in frame.persons if person.track_id not in taken]
    free_ids = frozenset(person.track_id for person in free)
    for row, person in enumerate(matches):
        if row in matched:
            person.add_match(number, frame.timestamp, matched[row], truth.joints_3d[number, row])
        else:
            person.add_miss(free_ids)
    return [person.state for person in free]


def _person_text(person: PersonScore) -> str:
    return (
        f"person {person.truth_id}: found in {person.matched} of {person.frames} frames"
        f" ({person.visible_matched} of {person.visible_frames} where visible), coverage {person.coverage:.1%},"
        f" ids {', '.join(map(str, person.track_ids)) or 'none'}, {person.error.text()}"
    )
