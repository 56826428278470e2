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
from tracker_service.pipeline.second_look.look_round import RoundLook
from tracker_service.pipeline.second_look.second_look_parameters import SecondLookParameters
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.types import (
    ArrayPicture,
    Detections,
    ExpectedPeople,
    Float32,
    Float64,
    FoundPeople,
    Frame,
    LookAgain,
    LookRound,
    Picture,
)

_NEAR_A_LOW_BOX = Reach(distance=0.35, ratio=1.5)
"""A box below the detector's gate is believed only near the expected one."""
_NEAR_A_FIND = Reach(distance=0.5, ratio=1.8)
_MOST_GROWTH, _MOST_GROWTH_OF_LOW_BOXES = 2.5, 1.3
"""How much further than at first somebody may be found after many missed frames."""
_WIDER = 1.6
"""A second, wider cut-out shows whoever is larger than expected: somebody who stretches after a crouch."""
_UPSIDE_DOWN = np.float32(np.pi)


@dataclass(frozen=True, slots=True)
class _Find:
    """A box for one of the expected people: its row there, the box, its score, and its value against rivals."""

    row: int
    box: Float32
    score: float
    value: float


@dataclass(frozen=True, slots=True)
class _View:
    """One way to look at every expected place: how large a part of the frame, turned how far, and the gate.

    Attributes:
        side: of the cut-outs, as a multiple of the longer side of the expected boxes.
        angles: (n,) radians, NaN for a person who is not looked at in this way.
        gate: score that boxes must be above.
    """

    side: float
    angles: Float32
    gate: float


@dataclass(frozen=True, slots=True)
class CutOutDetector:
    """What looks at cut-outs, and the scores that its boxes must be above.

    Attributes:
        model: runs it.
        gate: for upright cut-outs.
        turned_gate: for turned ones.
        doubtful: whether the body model has to confirm whom it finds.
    """

    model: PersonDetector
    gate: float
    turned_gate: float
    doubtful: bool


class SecondLook:
    """Looks again for missed people; call it with an observed frame to get what the tracker asks.

    It keeps nothing from frame to frame, so that one serves all videos and threads.

    Args:
        perception: describes whom was found.
        detector: looks at cut-outs.
        parameters: how far to look.
        times: counts busy seconds.
        newcomers: looks round for people whom nobody knows yet, None does not.
    """

    def __init__(
        self,
        perception: Perception,
        detector: CutOutDetector,
        parameters: SecondLookParameters,
        times: StageTimes,
        newcomers: RoundLook | None = None,
    ) -> None:
        self._perception = perception
        self._detector = detector
        self._parameters = parameters
        self._times = times
        self._newcomers = newcomers

    def __call__(self, seen: FrameObservation) -> LookAgain | None:
        """Return what looks again at a frame, None where its picture was not kept."""
        return None if seen.picture is None else partial(self._look, seen, seen.picture)

    def look_round(self, seen: FrameObservation) -> LookRound | None:
        """Return what looks round in a frame, None where nothing does."""
        return None if self._newcomers is None else self._newcomers(seen)

    def _look(
        self, seen: FrameObservation, picture: Picture, expected: ExpectedPeople, taken: Float32
    ) -> FoundPeople | None:
        with self._times.measure("second look"):
            low = self._described(seen, picture, expected, self._among_low_boxes(seen, expected, taken), doubtful=True)
            left = expected if low is None else expected.take(~np.isin(expected.track_id, low.track_id))
            if low is not None:
                taken = np.concatenate([taken, low.people.detections.boxes])
            finds = self._in_cut_outs(picture, left, taken)
            found = self._described(seen, picture, left, finds, doubtful=self._detector.doubtful)
            return low if found is None else found if low is None else low.joined(found)

    def _among_low_boxes(self, seen: FrameObservation, expected: ExpectedPeople, taken: Float32) -> list[_Find]:
        low = seen.low_boxes.take(~of_people(seen.low_boxes, taken))
        growth = np.minimum(growth_of(expected, self._parameters.growth), _MOST_GROWTH_OF_LOW_BOXES)
        return _without_rivals(_best(expected, [low] * len(expected), _NEAR_A_LOW_BOX, growth))

    def _in_cut_outs(self, picture: Picture, expected: ExpectedPeople, taken: Float32) -> list[_Find]:
        """Return at most one box for each of the expected people, none of them that of somebody found, ``taken``."""
        finds: list[_Find] = []
        done = np.zeros(len(expected), np.bool_)
        growth = np.minimum(growth_of(expected, self._parameters.growth), _MOST_GROWTH)
        for view in self._views(expected):
            rows = np.flatnonzero(~done & np.isfinite(view.angles))
            if not len(rows):
                continue
            wanted = expected.take(rows)
            found = self._viewed(picture, wanted, replace(view, angles=view.angles[rows]))
            known = [of_people(boxes, taken) for boxes in found]
            free = [boxes.take(~here) for boxes, here in zip(found, known, strict=True)]
            new = _best(wanted, free, _NEAR_A_FIND, growth[rows])
            finds += [replace(find, row=int(rows[find.row])) for find in new]
            # Who is hidden by somebody else does not become visible by turning the picture.
            done[rows[[bool(here.any()) for here in known]]] = True
            done[[find.row for find in finds]] = True
        return _without_rivals(finds)

    def _views(self, expected: ExpectedPeople) -> list[_View]:
        """Return the ways to look, in their order."""
        side, detector, upright = self._parameters.cut_out, self._detector, np.zeros(len(expected), np.float32)
        views = [_View(side, upright, detector.gate), _View(_WIDER * side, upright, detector.gate)]
        if self._parameters.turned:
            last = quarter_turns(expected.roll)
            differs = ~np.isclose(last, 0) & ~np.isclose(last, _UPSIDE_DOWN)
            views += [
                _View(side, np.full_like(upright, _UPSIDE_DOWN), detector.turned_gate),
                _View(side, np.where(differs, last, np.float32(np.nan)), detector.turned_gate),
            ]
        return views

    def _viewed(self, picture: Picture, expected: ExpectedPeople, view: _View) -> list[Detections]:
        """Return who is seen in the cut-outs of the expected people, all in one batch, in the pixels of the frame."""
        regions = cut_outs(expected, side=view.side, growth=self._parameters.growth, angles=view.angles)
        size = self._detector.model.side
        frames = [Frame(0, 0.0, ArrayPicture(image)) for image in crop(picture, regions, size, antialias=True)]
        found = []
        for row, boxes in enumerate(self._detector.model.detect(frames)):
            above = boxes.take(boxes.scores > np.float32(view.gate))
            found.append(in_frame(above, regions.take(np.array([row])), size, picture.size))
        return found

    def _described(
        self,
        seen: FrameObservation,
        picture: Picture,
        expected: ExpectedPeople,
        finds: Sequence[_Find],
        *,
        doubtful: bool,
    ) -> FoundPeople | None:
        """Return the people found, with bodies; of doubtful ones only those whom the body model sees."""
        if not finds:
            return None
        boxes = np.array([find.box for find in finds], np.float32)
        scores = np.array([find.score for find in finds], np.float32)
        people = self._perception.describe_expected(picture, Detections(boxes, scores), seen.result.calibration)
        found = FoundPeople(people, expected.track_id[[find.row for find in finds]])
        if doubtful:
            found = found.take(people.presence >= np.float32(self._parameters.find_presence))
        return found if len(found) else None


def _without_rivals(finds: Sequence[_Find]) -> list[_Find]:
    boxes = np.array([find.box for find in finds], np.float32).reshape(-1, 4)
    return [finds[row] for row in without_rivals(boxes, np.array([find.value for find in finds]))]


def _best(expected: ExpectedPeople, found: Sequence[Detections], reach: Reach, growth: Float64) -> list[_Find]:
    """Return the best box for each of the expected people, of the boxes found for them."""
    finds = []
    for row, (boxes, factor) in enumerate(zip(found, growth.tolist(), strict=True)):
        best = best_box(boxes, expected.boxes[row], Reach(reach.distance, reach.ratio, factor))
        if best is not None:
            at, value = best
            finds.append(_Find(row, boxes.boxes[at], float(boxes.scores[at]), value))
    return finds
