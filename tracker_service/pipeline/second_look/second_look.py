"""Looking again at one frame for the people who are expected in it and were not found.

In this order, each step only for those whom no earlier one found: the detector's own boxes that were below its gate;
enlarged cut-outs around the expected places; the same cut-outs turned. Whom a step finds gets a body as every detection
does, and the tracker decides by pose, place and appearance whether it is the person.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tracker_service.people.crops import crop
from tracker_service.pipeline.models.detection import PersonDetector
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.perception import Perception
from tracker_service.pipeline.second_look.choice import Reach, best_box, of_people, without_rivals
from tracker_service.pipeline.second_look.cut_outs import cut_outs, growth_of, in_frame, quarter_turns
from tracker_service.pipeline.second_look.second_look_parameters import SecondLookParameters
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.types import (
    Detections,
    ExpectedPeople,
    Float32,
    Float64,
    FoundPeople,
    Frame,
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
        low = seen.low_boxes.take(~of_people(seen.low_boxes, taken))
        growth = growth_of(expected, self._parameters.growth)
        finds = _best(expected, [low] * len(expected), _NEAR_A_LOW_BOX, np.minimum(growth, _MOST_GROWTH_OF_LOW_BOXES))
        done = np.isin(np.arange(len(expected)), [find.row for find in finds])
        for angles, gate in self._views(expected):
            rows = np.flatnonzero(~done & np.isfinite(angles))
            if not len(rows):
                continue
            found = self._in_cut_outs(image, expected.take(rows), angles[rows], gate)
            known = [of_people(boxes, taken) for boxes in found]
            free = [boxes.take(~here) for boxes, here in zip(found, known, strict=True)]
            new = _best(expected.take(rows), free, _NEAR_A_FIND, np.minimum(growth[rows], _MOST_GROWTH))
            finds += [replace(find, row=int(rows[find.row])) for find in new]
            # Who is hidden by somebody else does not become visible by turning the picture.
            done[rows[[bool(here.any()) for here in known]]] = True
            done[[find.row for find in finds]] = True
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

    def _in_cut_outs(self, image: UInt8, expected: ExpectedPeople, angles: Float32, gate: float) -> list[Detections]:
        """Return who is seen in the cut-outs of the expected people, all in one batch, in the pixels of the frame."""
        regions = cut_outs(expected, side=self._parameters.cut_out, growth=self._parameters.growth, angles=angles)
        size = self._detector.model.side
        frames = [Frame(0, 0.0, picture) for picture in crop(image, regions, size, antialias=True)]
        found = []
        for row, boxes in enumerate(self._detector.model.detect(frames)):
            above = boxes.take(boxes.scores > np.float32(gate))
            found.append(in_frame(above, regions.take(np.array([row])), size, (image.shape[1], image.shape[0])))
        return found

    def _described(self, image: UInt8, expected: ExpectedPeople, finds: Sequence[_Find]) -> FoundPeople | None:
        """Return the people found, with bodies, without doubtful ones whom the body model does not see."""
        boxes = np.array([find.box for find in finds], np.float32)
        scores = np.array([find.score for find in finds], np.float32)
        people = self._perception.describe_expected(image, Detections(boxes, scores))
        sure, least = np.float32(self._parameters.sure_find), np.float32(self._parameters.find_presence)
        present = np.flatnonzero((scores >= sure) | (people.presence >= least))
        if not len(present):
            return None
        rows = np.array([find.row for find in finds])[present]
        return FoundPeople(people.take(present), expected.track_id[rows])


def _best(expected: ExpectedPeople, found: Sequence[Detections], reach: Reach, growth: Float64) -> list[_Find]:
    """Return the best box for each of the expected people, of the boxes found for them."""
    finds = []
    for row, (boxes, factor) in enumerate(zip(found, growth.tolist(), strict=True)):
        best = best_box(boxes, expected.boxes[row], Reach(reach.distance, reach.ratio, factor))
        if best is not None:
            at, value = best
            finds.append(_Find(row, boxes.boxes[at], float(boxes.scores[at]), value))
    return finds
