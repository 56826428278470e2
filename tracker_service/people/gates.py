"""Gates: which detections are too uncertain or too small to become people."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import numpy as np
from annotated_types import Ge, Interval

from tracker_service.types import Bool, Detections, Float32
from tracker_service.types.bounds import check_bounds


class Gate(StrEnum):
    """What removed a detection; named as the counts of `DroppedDetections`."""

    LOW_SCORE = "low_score"
    SMALL = "small"
    ABSENT = "absent"
    DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Gates:
    """Thresholds; names as in PHALP's configuration where it has them. Zero switches a gate off.

    Attributes:
        low_th_c: a score must be strictly above it. Raising it drops false alarms and, sooner, hard-to-see people.
        small_w, small_h: least width and height in source pixels. Raising them drops far people, whose bodies are
            guesses; PHALP's 50 x 100 px suit full HD.
        small_relative: least height as a fraction of the frame's. Raising it drops far people whatever the resolution.
        presence_th: least confidence of the body model that the crop shows a person for the box to count at all; who
            starts a track is up to ``start_evidence``. Raising it drops boxes that could have continued a track.
        second_pass: let detections below ``low_th_c`` continue confirmed tracks that found no other (ByteTrack's
            second association) where the body model is sure of them or they score above ``doubtful_score``. They cost
            a crop each and never start a track.
        second_pass_th: the score they must be above. Raising it saves crops and follows people less far into occlusion.
    """

    low_th_c: Annotated[float, Interval(ge=0, le=1)] = 0.8
    small_w: Annotated[float, Ge(0)] = 50.0
    small_h: Annotated[float, Ge(0)] = 100.0
    small_relative: Annotated[float, Interval(ge=0, le=1)] = 0.0
    presence_th: Annotated[float, Interval(ge=0, le=1)] = 0.0
    second_pass: bool = False
    second_pass_th: Annotated[float, Interval(ge=0, le=1)] = 0.5

    def __post_init__(self) -> None:
        check_bounds(self)

    @property
    def lowest_score(self) -> float:
        """The score that every detection must be above, those of the second pass included."""
        return min(self.low_th_c, self.second_pass_th) if self.second_pass else self.low_th_c

    def of_given_boxes(self) -> "Gates":
        """Return the gates of boxes that are given instead of detected: only the size counts, as in upstream."""
        return _SizeGates(small_w=self.small_w, small_h=self.small_h, small_relative=self.small_relative)

    def too_low(self, detections: Detections) -> Bool:
        """Return (n,) bool, True where a score is too low even for the second association."""
        return np.asarray(detections.scores <= np.float32(self.lowest_score))

    def hopeless(self, detections: Detections) -> Bool:
        """Return (n,) bool, True where a score is at most ``second_pass_th``: such boxes are of no use."""
        return np.asarray(detections.scores <= np.float32(self.second_pass_th))

    def confident(self, detections: Detections) -> Bool:
        """Return (n,) bool, True where a score is above ``low_th_c``, so that the detection may start a track."""
        return np.asarray(detections.scores > np.float32(self.low_th_c))

    def too_small(self, detections: Detections, frame_size: tuple[int, int]) -> Bool:
        """Return (n,) bool, True for boxes too small for a frame of (width, height) pixels."""
        width, height = (detections.boxes[:, 2:] - detections.boxes[:, :2]).T
        lowest = max(self.small_h, self.small_relative * frame_size[1])
        return np.asarray((width < self.small_w) | (height < lowest))

    def absent(self, presence: Float32) -> Bool:
        """Return (n,) bool, True where the body model saw no person."""
        return np.asarray(presence < np.float32(self.presence_th))


class _SizeGates(Gates):
    """Only the size counts."""

    def too_low(self, detections: Detections) -> Bool:
        return np.zeros(len(detections), np.bool_)

    def confident(self, detections: Detections) -> Bool:
        return np.ones(len(detections), np.bool_)

    def absent(self, presence: Float32) -> Bool:
        return np.zeros(len(presence), np.bool_)
