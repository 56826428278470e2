"""Gates: which detections are too doubtful or too small to become people."""

from dataclasses import dataclass

import numpy as np

from tracker_service.errors import SettingsError
from tracker_service.types import Bool, Detections, DroppedDetections, Float32


@dataclass(frozen=True, slots=True)
class Gates:
    """Thresholds; names as in PHALP's configuration where it has them. Zero switches a gate off.

    Attributes:
        low_th_c: a score must be strictly above it. Raising it drops false alarms and, sooner, hard-to-see people.
        small_w, small_h: least width and height in source pixels. Raising them drops far people, whose bodies are
            guesses; PHALP's 50 x 100 px suit full HD.
        small_relative: least height as a fraction of the frame's. Raising it drops far people whatever the resolution.
        presence: least belief of the body model that the crop shows a person. Raising it drops furniture the detector
            took for people and, sooner, people who are mostly hidden.
    """

    low_th_c: float
    small_w: float = 0.0
    small_h: float = 0.0
    small_relative: float = 0.0
    presence: float = 0.0

    def __post_init__(self) -> None:
        for name in ("low_th_c", "small_relative", "presence"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f"{name}: expected a number from 0 to 1, got {getattr(self, name)}")
        for name in ("small_w", "small_h"):
            if not getattr(self, name) >= 0:
                raise SettingsError(f"{name}: expected pixels >= 0, got {getattr(self, name)}")

    def keep(self, detections: Detections, frame_size: tuple[int, int]) -> tuple[Bool, DroppedDetections]:
        """Say which detections pass the score and size gates.

        Args:
            detections: the boxes of one frame.
            frame_size: (width, height) of the frame, pixels.

        Returns:
            (n,) bool, and how many each gate removed; a box that fails several counts for the score.
        """
        scored = detections.scores > np.float32(self.low_th_c)
        width, height = (detections.boxes[:, 2:] - detections.boxes[:, :2]).T
        lowest = max(self.small_h, self.small_relative * frame_size[1])
        large = (width >= self.small_w) & (height >= lowest)
        dropped = DroppedDetections(low_score=int((~scored).sum()), small=int((scored & ~large).sum()))
        return scored & large, dropped

    def keep_present(self, presence: Float32) -> tuple[Bool, DroppedDetections]:
        """Say whose (n,) presence reaches the presence gate, and how many do not."""
        present = presence >= np.float32(self.presence)
        return present, DroppedDetections(absent=int((~present).sum()))
