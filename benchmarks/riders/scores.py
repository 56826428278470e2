"""What is counted of one clip: how the rider was found, under which identities, who else was reported, and the pose."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.riders.labels import LABELLED_JOINTS, Clip, LabelledFrame, labelled_joints, swapped_sides
from tracker_service.evaluation.box_overlap import pairwise_iou
from tracker_service.types import Float64, FrameResult, PersonState, TrackedPerson

ON_RIDER = 0.5
"""IoU from which a person is the rider."""
OFF_RIDER = 0.1
"""IoU below which a person is somebody else, though a clip shows nobody but its rider."""
_PCK = 0.1
"""Largest error of a joint that counts as right, as a part of the longer side of the box."""
_JOINTS_FOR_SIDES = 8
"""Labelled joints from which a frame tells whether the sides of the whole body are exchanged."""


@dataclass(frozen=True, slots=True)
class LabelledResult:
    """One labelled frame and what was reported of it.

    Attributes:
        label: the truth.
        rider: the person whose box is the rider's, if any.
        overlap: IoU of the best box with the rider's, 0 where nobody was reported.
        others_seen, others_predicted: people off the rider.
        errors: (13,) of a rider who was seen, as parts of the longer side of his box; NaN where a joint has no label.
        side_errors: (13,) the same with the sides of the reported pose exchanged.
    """

    label: LabelledFrame
    rider: TrackedPerson | None
    overlap: float
    others_seen: int
    others_predicted: int
    errors: Float64
    side_errors: Float64

    @property
    def found(self) -> str:
        """How the rider was found: detection, another way to see him, predicted, or missed."""
        if self.rider is None:
            return "missed"
        if self.rider.state is not PersonState.SEEN:
            return str(self.rider.state)
        return str(self.rider.found_by).replace("_", " ")

    @property
    def seen(self) -> bool:
        """Whether the rider was seen."""
        return self.rider is not None and self.rider.state is PersonState.SEEN

    @property
    def tells_sides(self) -> bool:
        """Whether the frame tells left from right."""
        return self.label.sure_of_side and int(np.isfinite(self.errors).sum()) >= _JOINTS_FOR_SIDES

    @property
    def sides_swapped(self) -> bool:
        """Whether the pose fits better with its sides exchanged."""
        return self.tells_sides and bool(np.nanmean(self.side_errors) < np.nanmean(self.errors))

    @property
    def better_side_errors(self) -> Float64:
        """The (13,) errors with the sides of each pair of joints as they fit better."""
        pairs = np.stack([self.errors[1:], self.side_errors[1:]]).reshape(2, -1, 2)
        better = np.where(np.nansum(pairs[0], axis=1) <= np.nansum(pairs[1], axis=1), 0, 1)
        chosen = pairs[better, np.arange(len(better))].ravel()
        return np.concatenate([self.errors[:1], chosen])


@dataclass(slots=True)
class ClipScore:
    """One clip, or all of them.

    Attributes:
        name: of the clip.
        labelled: its labelled frames.
        frames: all its frames.
        frames_with_others: frames in which more than one person is reported, though there is one.
        identities: reported in the clip.
        rider_identities: of the rider, as (clip, identity).
    """

    name: str
    labelled: list[LabelledResult] = field(default_factory=list)
    frames: int = 0
    frames_with_others: int = 0
    identities: set[tuple[str, int]] = field(default_factory=set)
    rider_identities: set[tuple[str, int]] = field(default_factory=set)

    def found_row(self) -> Mapping[str, Any]:
        """Return how the rider was found."""
        ways = Counter(result.found for result in self.labelled)
        return {
            "clip": self.name,
            "labelled": len(self.labelled),
            "seen": sum(result.seen for result in self.labelled) / max(len(self.labelled), 1),
            "ways": dict(ways.most_common()),
            "rider_identities": len(self.rider_identities),
            "identities": len(self.identities),
        }

    def others_row(self) -> Mapping[str, Any]:
        """Return who else was reported."""
        count = max(len(self.labelled), 1)
        return {
            "clip": self.name,
            "labelled": len(self.labelled),
            "others_seen": sum(result.others_seen for result in self.labelled) / count,
            "others_predicted": sum(result.others_predicted for result in self.labelled) / count,
            "frames": self.frames,
            "frames_with_others": 100 * self.frames_with_others / max(self.frames, 1),
        }

    def pose_row(self) -> Mapping[str, Any]:
        """Return how good the poses of the rider are where he was seen."""
        posed = [result for result in self.labelled if result.seen]
        errors = _known([result.errors for result in posed])
        better = _known([result.better_side_errors for result in posed])
        sure = [result for result in posed if result.tells_sides]
        return {
            "clip": self.name,
            "poses": len(posed),
            "error": float(errors.mean()) if len(errors) else None,
            "pck": float((errors < _PCK).mean()) if len(errors) else None,
            "error_without_sides": float(better.mean()) if len(errors) else None,
            "swaps": f"{sum(result.sides_swapped for result in sure)} of {len(sure)}",
        }


def score_clip(clip: Clip, frames: Iterable[FrameResult]) -> ClipScore:
    """Compare the frames of a run with the labels."""
    name = clip.video.stem
    score = ClipScore(name)
    for frame in frames:
        score.frames += 1
        score.frames_with_others += len(frame.persons) > 1
        score.identities |= {(name, person.track_id) for person in frame.persons}
        if frame.frame_number in clip.labels:
            result = compare(clip.labels[frame.frame_number], frame)
            score.labelled.append(result)
            if result.rider is not None:
                score.rider_identities.add((name, result.rider.track_id))
    return score


def total(scores: Iterable[ClipScore]) -> ClipScore:
    """Return all clips as one."""
    whole = ClipScore("all")
    for score in scores:
        whole.labelled += score.labelled
        whole.frames += score.frames
        whole.frames_with_others += score.frames_with_others
        whole.identities |= score.identities
        whole.rider_identities |= score.rider_identities
    return whole


def compare(label: LabelledFrame, frame: FrameResult) -> LabelledResult:
    """Compare one labelled frame with what was reported of it: the person whose box overlaps most is the rider."""
    boxes = np.array([person.box for person in frame.persons], np.float64).reshape(-1, 4)
    overlaps = pairwise_iou(_with_sizes(label.box[None]), _with_sizes(boxes))[0]
    best = int(overlaps.argmax()) if len(overlaps) else -1
    overlap = float(overlaps[best]) if len(overlaps) else 0.0
    rider = frame.persons[best] if overlap >= ON_RIDER else None
    others = [person for person, share in zip(frame.persons, overlaps, strict=True) if share < OFF_RIDER]
    seen = sum(person.state is PersonState.SEEN for person in others)
    errors, side_errors = _joint_errors(label, rider)
    return LabelledResult(label, rider, overlap, seen, len(others) - seen, errors, side_errors)


def _joint_errors(label: LabelledFrame, rider: TrackedPerson | None) -> tuple[Float64, Float64]:
    if rider is None or rider.state is not PersonState.SEEN:
        unknown = np.full(len(LABELLED_JOINTS), np.nan)
        return unknown, unknown
    joints = labelled_joints(np.asarray(rider.joints_2d, np.float64))
    own, swapped = (np.linalg.norm(body - label.joints, axis=1) for body in (joints, swapped_sides(joints)))
    return own / label.size, swapped / label.size


def _known(errors: Sequence[Float64]) -> Float64:
    every: Float64 = np.concatenate([np.zeros(0), *errors])
    known: Float64 = every[np.isfinite(every)]
    return known


def _with_sizes(boxes: Float64) -> Float64:
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
