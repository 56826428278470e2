"""The poses of pictures, what is said of their quality, and how far they are off."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks.pose_quality.copies import Copy, TruePerson
from tracker_service import LiveTracker
from tracker_service.evaluation.box_overlap import pairwise_iou
from tracker_service.quality.judge import STATED_ERRORS
from tracker_service.quality.measures import TRUNK_AND_LIMBS
from tracker_service.types import Float64, PersonState, TrackedPerson
from tracker_service.types.quality import PoseQuality, Usability

_MATCH = 0.5
_LEAST_JOINTS = 3


@dataclass(frozen=True, slots=True)
class JudgedPose:
    """One pose that was found.

    Attributes:
        kind, degree: of the picture, see `Copy`.
        quality: what is said of the pose.
        error: mean error of the joints within the picture, as a part of the body's height.
        height: of the body, relative to the true one.
    """

    kind: str
    degree: float
    quality: PoseQuality
    error: float
    height: float

    @property
    def kept(self) -> bool:
        """Whether the error is what was stated; nothing is stated of an unusable pose."""
        return self.quality.error is not None and self.error <= self.quality.error


def judge(pictures: Iterable[Copy], tracker: LiveTracker) -> Iterator[JudgedPose]:
    """Yield the pose of everybody who is known and found in the pictures."""
    for picture in pictures:
        result = tracker.update(picture.image, shot=picture.alone)
        seen = [person for person in result.persons if person.state is PersonState.SEEN]
        for truth, person in _matches(picture.people, seen):
            error = joint_error(person, truth, (picture.image.shape[1], picture.image.shape[0]))
            if error is not None and person.quality is not None:
                yield JudgedPose(picture.kind, picture.degree, person.quality, error, _height(person, truth))


def joint_error(person: TrackedPerson, truth: TruePerson, size: tuple[int, int]) -> float | None:
    """Return the mean error of the joints within the picture; None where too few are, or are known."""
    true = truth.joints[TRUNK_AND_LIMBS]
    shown = np.isfinite(true).all(axis=1) & ((true >= 0) & (true < size)).all(axis=1)
    if shown.sum() < _LEAST_JOINTS:
        return None
    off = np.linalg.norm(person.joints_2d[TRUNK_AND_LIMBS] - true, axis=1)[shown]
    return float(off.mean()) / truth.height


def quality_rows(poses: Sequence[JudgedPose], *, total: bool = True) -> list[Mapping[str, Any]]:
    """Return one row a kind of picture, and one for all: how many poses are called what, and how many keep it."""
    kinds = list(dict.fromkeys(pose.kind for pose in poses))
    groups = [(kind, [pose for pose in poses if pose.kind == kind]) for kind in kinds]
    return [_row(kind, group) for kind, group in [*groups, *([("all", list(poses))] if total else [])]]


def reason_rows(poses: Sequence[JudgedPose]) -> list[Mapping[str, Any]]:
    """Return one row a reason: how many poses have it, and their errors."""
    counts = Counter(reason for pose in poses for reason in pose.quality.reasons)
    rows: list[Mapping[str, Any]] = [_reason_row("none", [pose.error for pose in poses if not pose.quality.reasons])]
    for reason, _ in counts.most_common():
        rows.append(_reason_row(str(reason), [pose.error for pose in poses if reason in pose.quality.reasons]))
    return rows


def _reason_row(reason: str, errors: Sequence[float]) -> Mapping[str, Any]:
    return {
        "reason": reason.replace("_", " "),
        "poses": len(errors),
        "mean": float(np.mean(errors)),
        "nine_in_ten": float(np.quantile(errors, 0.9)),
    }


def _row(kind: str, poses: Sequence[JudgedPose]) -> Mapping[str, Any]:
    row: dict[str, Any] = {"kind": kind, "poses": len(poses)}
    for usability in STATED_ERRORS:
        of_kind = [pose for pose in poses if pose.quality.usability is usability]
        row[f"{usability}"] = 100 * len(of_kind) / max(len(poses), 1)
        row[f"{usability}_kept"] = 100 * float(np.mean([pose.kept for pose in of_kind])) if of_kind else None
    unusable = [pose.error for pose in poses if pose.quality.usability is Usability.UNUSABLE]
    row["unusable_error"] = float(np.mean(unusable)) if unusable else None
    return row


def _matches(people: Sequence[TruePerson], seen: Sequence[TrackedPerson]) -> Iterator[tuple[TruePerson, TrackedPerson]]:
    """Yield whom is whose: as many pairs as overlap, each person once."""
    if not (seen and people):
        return
    found, true = (np.array([one.box for one in ones], np.float64) for ones in (seen, people))
    overlaps = pairwise_iou(_with_sizes(true), _with_sizes(found))
    for row, column in zip(*linear_sum_assignment(-overlaps), strict=True):
        if overlaps[row, column] >= _MATCH:
            yield people[int(row)], seen[int(column)]


def _height(person: TrackedPerson, truth: TruePerson) -> float:
    true = truth.joints[TRUNK_AND_LIMBS]
    return float(np.ptp(person.joints_2d[TRUNK_AND_LIMBS, 1]) / max(np.nanmax(true[:, 1]) - np.nanmin(true[:, 1]), 1))


def _with_sizes(boxes: Float64) -> Float64:
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
