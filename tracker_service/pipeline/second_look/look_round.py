"""Looking round in a frame for people whom nobody knows yet.

The detector was trained on people who stand: of those who lie or are upside down it doubts half, and the body model's
word does not make up for its low scores. The finder knows people by their joints. It looks at enlarged cut-outs around
the boxes that nobody is seen in, and at the whole frame; where all boxes are people who were seen, it does not look.
Two must agree before somebody counts: whom the finder sees, the body model must see, too.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from tracker_service.people.boxes import overlaps
from tracker_service.people.crops import crop
from tracker_service.people.duplicates import containments
from tracker_service.pipeline.models.detection import PersonDetector
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.perception import Perception
from tracker_service.pipeline.second_look.choice import of_people
from tracker_service.pipeline.second_look.cut_outs import in_frame, squares_around
from tracker_service.pipeline.second_look.second_look_parameters import SecondLookParameters
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.types import ArrayPicture, Bool, Detections, Float32, Frame, LookRound, People, Picture

_MOST_PLACES = 4
_MOST_FINDS = 12
"""Cut-outs of one frame, and bodies of those found in them: a crowd that the detector doubts must not stop the run."""
_LEAST_SIZE = 0.15
"""Longer side of boxes beside people who were seen, as a part of the frame's, from which they count: smaller ones are
mostly a crowd's, in which the finder is the worse detector (IDF1 of PETS .85; without a limit .78)."""
_SURE_BODY = 0.7
"""Presence from which the body model agrees. Between .5 and .9 it changes little."""
_INSIDE = 0.75
"""Part of a box inside that of somebody who was seen from which it is a part of that person."""


class RoundLook:
    """Looks round; call it with an observed frame to get what the tracker asks.

    Args:
        perception: describes whom was found.
        finder: looks at pictures.
        parameters: how far to look.
        times: counts busy seconds.
    """

    def __init__(
        self, perception: Perception, finder: PersonDetector, parameters: SecondLookParameters, times: StageTimes
    ) -> None:
        self._perception = perception
        self._finder = finder
        self._parameters = parameters
        self._times = times

    def __call__(self, seen: FrameObservation) -> LookRound | None:
        """Return what looks round in a frame, None where its picture was not kept."""
        return None if seen.picture is None else partial(self._look, seen, seen.picture)

    def _look(self, seen: FrameObservation, picture: Picture, doubtful: Float32, taken: Float32) -> People | None:
        with self._times.measure("second look"):
            # Beside people who were seen, only large ones count; where nobody is, whoever is found.
            least = _LEAST_SIZE * max(picture.size) if len(taken) else 0.0
            boxes = np.concatenate([doubtful, seen.low_boxes.boxes])
            places = _places(boxes[_longer_sides(boxes) >= least], taken)
            if len(taken) and not len(places):
                return None
            found = self._found(picture, places)
            found = found.take(_free(found.boxes, taken) & (_longer_sides(found.boxes) >= least))
            found = found.take(np.argsort(-found.scores, kind="stable")[:_MOST_FINDS])
            if not len(found):
                return seen.people.take(np.zeros(0, np.int64))
            # Several boxes may be one person's: which is best is seen in the bodies, the finder's scores do not tell.
            people = self._perception.describe_expected(picture, found, seen.result.calibration)
            return self._perception.without_duplicates(people.take(people.presence >= np.float32(_SURE_BODY)))

    def _found(self, picture: Picture, places: Float32) -> Detections:
        """Return whom the finder sees in the whole frame and the cut-outs, all in one batch, in pixels of the frame."""
        size = self._finder.side
        around = squares_around(places, self._parameters.cut_out)
        cut_outs = map(ArrayPicture, crop(picture, around, size, antialias=True))
        whole, *parts = self._finder.detect([Frame(0, 0.0, shown) for shown in (picture, *cut_outs)])
        frame_size = picture.size
        squares = (around.take(np.array([row])) for row in range(len(around)))
        return self._above_gate(
            [whole, *(in_frame(boxes, square, size, frame_size) for boxes, square in zip(parts, squares, strict=True))]
        )

    def _above_gate(self, found: Sequence[Detections]) -> Detections:
        boxes, scores = (np.concatenate([getattr(one, name) for one in found]) for name in ("boxes", "scores"))
        above = scores > np.float32(self._parameters.gate)
        return Detections(boxes[above], scores[above])


def _places(boxes: Float32, taken: Float32) -> Float32:
    """Return the first few boxes in which nobody is seen, and none twice."""
    if not len(boxes):
        return boxes
    free = boxes[_free(boxes, taken)]
    kept: list[int] = []
    for row in range(len(free)):
        if len(kept) < _MOST_PLACES and not (overlaps(free[[row]], free[kept]) > 0.5).any():
            kept.append(row)
    return free[kept]


def _free(boxes: Float32, taken: Float32) -> Bool:
    """Return (n,) which boxes are not those of people who were seen, nor parts of them."""
    found = Detections(boxes, np.zeros(len(boxes), np.float32))
    smaller = _areas(boxes)[:, None] < _areas(taken)
    parts = (smaller & (containments(boxes, taken) > _INSIDE)).any(axis=1)
    return np.asarray(~of_people(found, taken) & ~parts)


def _longer_sides(boxes: Float32) -> Float32:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0))


def _areas(boxes: Float32) -> Float32:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))
