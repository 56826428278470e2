"""Gates: which detections are too doubtful or too small to become people."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Interval

from tracker_service.types import Bool, Detections, DroppedDetections, Float32
from tracker_service.types.bounds import check_bounds


@dataclass(frozen=True)
class Gates:
    """Thresholds; names as in PHALP's configuration where it has them. Zero switches a gate off.

    Attributes:
        low_th_c: a score must be strictly above it. Raising it drops false alarms and, sooner, hard-to-see people.
        small_w, small_h: least width and height in source pixels. Raising them drops far people, whose bodies are
            guesses; PHALP's 50 x 100 px suit full HD.
        small_relative: least height as a fraction of the frame's. Raising it drops far people whatever the resolution.
        presence_th: least belief of the body model that the crop shows a person. Raising it drops furniture the
            detector took for people and, sooner, people who are mostly hidden.
        second_pass: let detections below ``low_th_c`` continue confirmed tracks that found no other (ByteTrack's
            second association). They cost a crop each and never start a track.
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

    def keep(self, detections: Detections, frame_size: tuple[int, int]) -> tuple[Bool, DroppedDetections]:
        """Say which detections pass the score and size gates.

        Args:
            detections: the boxes of one frame.
            frame_size: (width, height) of the frame, pixels.

        Returns:
            (n,) bool, and how many each gate removed; a box that fails several counts for the score.
        """
        scored = detections.scores > np.float32(self.lowest_score)
        width, height = (detections.boxes[:, 2:] - detections.boxes[:, :2]).T
        lowest = max(self.small_h, self.small_relative * frame_size[1])
        large = (width >= self.small_w) & (height >= lowest)
        dropped = DroppedDetections(low_score=int((~scored).sum()), small=int((scored & ~large).sum()))
        return scored & large, dropped

    def keep_present(self, presence: Float32) -> tuple[Bool, DroppedDetections]:
        """Say whose (n,) presence reaches the presence gate, and how many do not."""
        present = presence >= np.float32(self.presence_th)
        return present, DroppedDetections(absent=int((~present).sum()))
