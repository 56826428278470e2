"""Looking again at one frame for the people who are expected in it and were not found.

In this order, each step only for those whom no earlier one found: the detector's own boxes that were below its gate;
enlarged cut-outs around the expected places; the same cut-outs turned. Whom a step finds gets a body as every detection
does, and the tracker decides by pose, place and appearance whether it is the person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tracker_service.people.crops import crop
from tracker_service.pipeline.models.detection import PersonDetector
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.perception import Perception
from tracker_service.pipeline.second_look.choice import Reach, best_box, not_taken, without_rivals
from tracker_service.pipeline.second_look.cut_outs import cut_outs, growth_of, in_frame, quarter_turns
from tracker_service.pipeline.second_look.second_look_parameters import SecondLookParameters
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.types import (
    Detections,
    ExpectedPeople,
    Float32,
    FoundPeople,
    Frame,
    Int64,
    LookAgain,
    UInt8,
)

_NEAR_A_LOW_BOX = Reach(distance=0.35, ratio=1.5)
"""A box below the detector's gate is believed only near the expected one."""
_NEAR_A_FIND = Reach(distance=0.5, ratio=1.8)
_MOST_GROWTH, _MOST_GROWTH_OF_LOW_BOXES = 2.5, 1.3
"""How much further than at first somebody may be found after many missed frames."""
_UPSIDE_DOWN = np.float32(np.pi)


@dataclass(frozen=True, slots=True)
class _Find:
    """A box for one of the expected people: its row there, the box, its score, and its value against rivals."""

    row: int
    box: Float32
    score: float
    value: float


@dataclass(frozen=True, slots=True)
class CutOutDetector:
    """What looks at cut-outs, and the scores that its boxes must be above.

    Attributes:
        model: runs it.
        gate: for upright cut-outs.
        turned_gate: for turned ones.
    """

    model: PersonDetector
    gate: float
    turned_gate: float


class SecondLook:
    """Looks again for missed people; call it with an observed frame to get what the tracker asks.

    It keeps nothing from frame to frame, so that one serves all videos and threads.

    Args:
        perception: describes whom was found.
        detector: looks at cut-outs.
        parameters: how far to look.
        times: counts busy seconds.
    """

    def __init__(
        self, perception: Perception, detector: CutOutDetector, parameters: SecondLookParameters, times: StageTimes
    ) -> None:
        self._perception = perception
        self._detector = detector
        self._parameters = parameters
        self._times = times

    def __call__(self, seen: FrameObservation) -> LookAgain | None:
        """Return what looks again at a frame, None where its image was not kept."""
        return None if seen.image is None else partial(self._look, seen, seen.image)

    def _look(self, seen: FrameObservation, image: UInt8, expected: ExpectedPeople) -> FoundPeople | None:
        with self._times.measure("second look"):
            finds = self._find(seen, image, expected)
            return self._described(image, expected, finds) if finds else None

    def _find(self, seen: FrameObservation, image: UInt8, expected: ExpectedPeople) -> list[_Find]:
        """Return at most one box for each of the expected people."""
        taken = seen.people.detections.boxes
        finds = self._among_low_boxes(expected, not_taken(seen.low_boxes, taken))
        for angles, gate in self._views(expected):
            sought = np.setdiff1d(np.arange(len(expected)), [find.row for find in finds])
            sought = sought[np.isfinite(angles[sought])]
            if len(sought):
                finds += self._in_cut_outs(image, expected, sought, angles[sought], gate, taken)
        boxes = np.array([find.box for find in finds], np.float32).reshape(-1, 4)
        return [finds[row] for row in without_rivals(boxes, np.array([find.value for find in finds]))]

    def _views(self, expected: ExpectedPeople) -> list[tuple[Float32, float]]:
        """Return the turns of the cut-outs, in the order in which they are looked at; NaN where there is none."""
        upright = np.zeros(len(expected), np.float32)
        if not self._parameters.turned:
            return [(upright, self._detector.gate)]
        last = quarter_turns(expected.roll)
        differs = ~np.isclose(last, 0) & ~np.isclose(last, _UPSIDE_DOWN)
        return [
            (upright, self._detector.gate),
            (np.full_like(upright, _UPSIDE_DOWN), self._detector.turned_gate),
            (np.where(differs, last, np.float32(np.nan)), self._detector.turned_gate),
        ]

    def _among_low_boxes(self, expected: ExpectedPeople, low: Detections) -> list[_Find]:
        grown = np.minimum(growth_of(expected, self._parameters.growth), _MOST_GROWTH_OF_LOW_BOXES)
        return _best(expected, range(len(expected)), [low] * len(expected), _NEAR_A_LOW_BOX, grown.tolist())

    def _in_cut_outs(
        self,
        image: UInt8,
        expected: ExpectedPeople,
        sought: Int64,
        angles: Float32,
        gate: float,
        taken: Float32,
    ) -> list[_Find]:
        """Look at the cut-outs of the expected people in rows ``sought``, all in one batch."""
        wanted, growth = expected.take(sought), self._parameters.growth
        regions = cut_outs(wanted, side=self._parameters.cut_out, growth=growth, angles=angles)
        size = self._detector.model.side
        frames = [Frame(0, 0.0, picture) for picture in crop(image, regions, size, antialias=True)]
        found = []
        for row, boxes in enumerate(self._detector.model.detect(frames)):
            above = boxes.take(boxes.scores > np.float32(gate))
            in_source = in_frame(above, regions.take(np.array([row])), size, (image.shape[1], image.shape[0]))
            found.append(not_taken(in_source, taken))
        grown = np.minimum(growth_of(wanted, growth), _MOST_GROWTH)
        return _best(expected, sought.tolist(), found, _NEAR_A_FIND, grown.tolist())

    def _described(self, image: UInt8, expected: ExpectedPeople, finds: Sequence[_Find]) -> FoundPeople | None:
        """Return the people found, with bodies, without doubtful ones whom the body model does not see."""
        boxes = np.array([find.box for find in finds], np.float32)
        scores = np.array([find.score for find in finds], np.float32)
        people = self._perception.describe_expected(image, Detections(boxes, scores))
        sure, least = np.float32(self._parameters.sure), np.float32(self._parameters.presence)
        present = np.flatnonzero((scores >= sure) | (people.presence >= least))
        if not len(present):
            return None
        rows = np.array([find.row for find in finds])[present]
        return FoundPeople(people.take(present), expected.track_id[rows])


def _best(
    expected: ExpectedPeople,
    rows: Sequence[int],
    found: Sequence[Detections],
    reach: Reach,
    growth: Sequence[float],
) -> list[_Find]:
    """Return the best box for each of the expected people in ``rows``, of the boxes found for them."""
    finds = []
    for row, boxes, factor in zip(rows, found, growth, strict=True):
        best = best_box(boxes, expected.boxes[row], Reach(reach.distance, reach.ratio, factor))
        if best is not None:
            at, value = best
            finds.append(_Find(row, boxes.boxes[at], float(boxes.scores[at]), value))
    return finds
