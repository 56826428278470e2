"""Tracking quality of ``results.ndjson`` against a MOT ground truth."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import orjson

from tracker_service.evaluation.box_overlap import LEAST_OVERLAP
from tracker_service.evaluation.mot import TruthFrame, read_mot
from tracker_service.evaluation.mot_metrics import FramePair, clear, hota, identity, metric_input, pair_frame
from tracker_service.results.ndjson import read_results
from tracker_service.results.records import FrameRecord, PersonRecord
from tracker_service.types import Float64, Int64, PersonState


@dataclass(frozen=True)
class PersonFilter:
    """Which people of the results count; lost ones never do.

    Attributes:
        minimum_confidence: smallest detection score; raising it trades misses for fewer false people.
        include_predicted: whether predicted people count as results.
        minimum_tracking_confidence: smallest tracking confidence; raising it keeps only the youngest predictions.
    """

    minimum_confidence: float = 0.0
    include_predicted: bool = True
    minimum_tracking_confidence: float = 0.0

    def accepts(self, person: PersonRecord) -> bool:
        """Whether ``person`` counts."""
        return (
            person.confidence >= self.minimum_confidence
            and person.tracking_confidence >= self.minimum_tracking_confidence
            and person.state is not PersonState.LOST
            and (self.include_predicted or person.state is PersonState.SEEN)
        )


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores of one video; shares are 0 to 1 (MOTA may be negative).

    Attributes:
        mota: 1 - (misses + false people + id switches) / truth boxes.
        idf1: F1 of boxes under the best one-to-one mapping of whole tracks.
        hota, deta, assa: HOTA and its detection and association parts, means over the overlaps 0.05 to 0.95.
        motp: mean overlap of the matched boxes.
        id_switches: times a truth person's matched id changed.
        fragmentations: times a truth person was lost and found again.
        true_positives, false_positives, false_negatives: boxes.
        precision, recall: of the boxes.
        truth_people, result_people: different ids.
        truth_boxes, result_boxes: boxes that count.
        frames: frames evaluated.
    """

    mota: float
    idf1: float
    hota: float
    deta: float
    assa: float
    motp: float
    id_switches: int
    fragmentations: int
    true_positives: int
    false_positives: int
    false_negatives: int
    precision: float
    recall: float
    truth_people: int
    result_people: int
    truth_boxes: int
    result_boxes: int
    frames: int

    def to_json(self) -> bytes:
        """Return the scores as indented JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)

    def text(self) -> str:
        """Return a few plain lines for the terminal."""
        return "\n".join(
            (
                f"MOTA {self.mota:.1%}   IDF1 {self.idf1:.1%}   HOTA {self.hota:.1%}"
                f"   (DetA {self.deta:.1%}, AssA {self.assa:.1%})",
                f"id switches {self.id_switches}   fragmentations {self.fragmentations}",
                f"recall {self.recall:.1%}   precision {self.precision:.1%}"
                f"   (missed {self.false_negatives}, false {self.false_positives})",
                f"{self.truth_people} people and {self.truth_boxes} boxes in the ground truth,"
                f" {self.result_people} and {self.result_boxes} in the results, {self.frames} frames",
            )
        )


def evaluate(
    results: Path,
    ground_truth: Path,
    *,
    minimum_confidence: float = PersonFilter.minimum_confidence,
    iou: float = LEAST_OVERLAP,
    include_predicted: bool = PersonFilter.include_predicted,
    minimum_tracking_confidence: float = PersonFilter.minimum_tracking_confidence,
) -> Evaluation:
    """Score ``results.ndjson`` against a MOT15/16/17 ground truth.

    Every frame of the ground truth counts, whether the results reach it or not. Frame numbers of the results start at
    0, those of the ground truth at 1: frame 0 is compared with frame 1.

    Args:
        results: file written by `NdjsonWriter`.
        ground_truth: text file, see `read_mot`.
        minimum_confidence: see `PersonFilter`, also for the two of its other attributes.
        iou: smallest overlap of a match in MOTA and IDF1, see `LEAST_OVERLAP`; HOTA has its own range.
        include_predicted: see there.
        minimum_tracking_confidence: see there.

    Raises:
        ResultsError: a file is unreadable or malformed, or the package ``trackeval`` is missing.
    """
    person_filter = PersonFilter(minimum_confidence, include_predicted, minimum_tracking_confidence)
    return score(read_results(results), read_mot(ground_truth), person_filter, iou=iou)


def score(
    frames: Iterable[FrameRecord],
    truth: Mapping[int, TruthFrame],
    person_filter: PersonFilter,
    *,
    iou: float = LEAST_OVERLAP,
) -> Evaluation:
    """Score result frames against ground truth by frame number from 0; see `evaluate`."""
    return scores(compared(frames, truth, person_filter), iou=iou)


def compared(
    frames: Iterable[FrameRecord], truth: Mapping[int, TruthFrame], person_filter: PersonFilter
) -> list[FramePair]:
    """Return who is compared in each frame, from 0 to the last one of either."""
    found = {frame.frame_number: _found(frame, person_filter) for frame in frames}
    numbers = range(max([*truth, *found], default=-1) + 1)
    nobody = np.zeros(0, np.int64), np.zeros((0, 4))
    return [pair_frame(truth.get(number, TruthFrame.empty()), *found.get(number, nobody)) for number in numbers]


def _found(frame: FrameRecord, person_filter: PersonFilter) -> tuple[Int64, Float64]:
    persons = [person for person in frame.persons if person_filter.accepts(person)]
    ids = np.array([person.track_id for person in persons], np.int64)
    boxes = np.array([person.bbox for person in persons], np.float64).reshape(-1, 4)
    return ids, boxes


def scores(pairs: list[FramePair], *, iou: float = LEAST_OVERLAP) -> Evaluation:
    """Score what `compared` has paired."""
    data = metric_input(pairs)
    clear_scores, identity_scores, hota_scores = clear(data, iou), identity(data, iou), hota(data)
    return Evaluation(
        mota=clear_scores["MOTA"],
        idf1=identity_scores["IDF1"],
        hota=hota_scores["HOTA"],
        deta=hota_scores["DetA"],
        assa=hota_scores["AssA"],
        motp=clear_scores["MOTP"],
        id_switches=int(clear_scores["IDSW"]),
        fragmentations=int(clear_scores["Frag"]),
        true_positives=int(clear_scores["CLR_TP"]),
        false_positives=int(clear_scores["CLR_FP"]),
        false_negatives=int(clear_scores["CLR_FN"]),
        precision=clear_scores["CLR_Pr"],
        recall=clear_scores["CLR_Re"],
        truth_people=data["num_gt_ids"],
        result_people=data["num_tracker_ids"],
        truth_boxes=data["num_gt_dets"],
        result_boxes=data["num_tracker_dets"],
        frames=data["num_timesteps"],
    )
