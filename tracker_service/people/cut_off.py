"""Bodies cut off by the border of the picture: larger crops, so that the hidden part has room outside of the picture.

A box shows the visible part of a person. Where it ends at the border, the person may go on beyond it, and a body model
that is shown only the box squeezes the whole body into it: somebody seen from the hips up squats. So the box is also
taken for the upper part of a taller person, with black where the picture ends, and the body that agrees best with both
boxes is kept. Crops are square, so that people cut off at a side have their room already.
"""

from dataclasses import dataclass, fields

import numpy as np

from tracker_service.people.body_fit import box_overlaps, fit, fits, joints_in_source, overlaps, whole_body_boxes
from tracker_service.people.estimates import BodyEstimates
from tracker_service.types import Bool, Detections, Float32, Float64, Int64, Squares


@dataclass(frozen=True, slots=True)
class CutOff:
    """When and how much larger crops are tried. A fit is that of `body_fit.fits`, 0 to 1.25.

    Attributes:
        border: how near to the border, as a part of the frame's side, a box counts as ending there.
        below: how much taller a person may be than a box that ends at the lower border. Raising them finds people of
            whom less is seen.
        above: the same for the upper border.
        fit: people whose body fits their box at least that well are whole. Raising it costs time on people who stand
            at the border.
        agreement: weight of the agreement with the assumed whole box against the fit of the visible part.
        keep: how much better a larger crop must agree than the box alone. Raising it keeps more boxes as they are.
    """

    border: float = 0.015
    below: tuple[float, ...] = (1.4, 1.8, 2.2)
    above: tuple[float, ...] = (1.4,)
    fit: float = 1.1
    agreement: float = 0.5
    keep: float = 0.02


@dataclass(frozen=True, slots=True)
class WholeBoxes:
    """m boxes that people may have beyond the border.

    Attributes:
        boxes: (m, 4) x1 y1 x2 y2, pixels; they reach out of the frame.
        squares: m crops that show them.
        people: (m,) the person each is of, a row of the detections.
    """

    boxes: Float32
    squares: Squares
    people: Int64

    def __len__(self) -> int:
        return len(self.people)


def whole_boxes(
    detections: Detections,
    squares: Squares,
    estimates: BodyEstimates,
    frame_size: tuple[int, int],
    limits: CutOff | None = None,
) -> WholeBoxes:
    """Return the whole boxes worth trying; often none.

    Args:
        detections: n person boxes, of what is seen.
        squares: their upright squares.
        estimates: the bodies seen in these.
        frame_size: (width, height) of the frame.
        limits: when to try; None for the defaults.
    """
    limits = limits or CutOff()
    top, bottom = _ends_at(detections, frame_size, limits.border)
    cut = top | bottom
    if cut.any():
        cut &= fits(detections, squares, estimates, frame_size) < limits.fit
    people: list[int] = []
    boxes: list[Float32] = []
    for person in np.flatnonzero(cut):
        for factor in limits.below if bottom[person] else ():
            people.append(int(person))
            boxes.append(_taller(detections.boxes[person], below=factor))
        for factor in limits.above if top[person] else ():
            people.append(int(person))
            boxes.append(_taller(detections.boxes[person], above=factor))
    rows = np.array(people, np.int64)
    whole = np.array(boxes, np.float32).reshape(-1, 4)
    margins = squares.sides[rows] / np.maximum(_sizes(detections.boxes[rows]), 1e-6)
    centers = np.asarray((whole[:, :2] + whole[:, 2:]) / 2, np.float32)
    sides = np.asarray(_sizes(whole) * margins, np.float32)
    return WholeBoxes(whole, Squares(centers, sides, np.zeros(len(rows), np.float32)), rows)


def choose_whole(
    detections: Detections,
    first: tuple[Squares, BodyEstimates],
    tried: tuple[WholeBoxes, BodyEstimates],
    frame_size: tuple[int, int],
    limits: CutOff | None = None,
) -> tuple[Squares, BodyEstimates, Int64]:
    """Keep for every person the crop whose body agrees best with the box that is seen and the whole box assumed.

    Args:
        detections: n person boxes.
        first: upright squares and their estimates.
        tried: larger crops and their estimates.
        frame_size: (width, height) of the frame.
        limits: as for `whole_boxes`.

    Returns:
        The n squares and estimates, and (n,) rows of the chosen ones in "first, then tried" (crops line up with that).
    """
    limits = limits or CutOff()
    (squares, seen), (whole, others) = first, tried
    n = len(detections)
    best = _agreement(detections, squares, seen, detections.boxes, frame_size, limits) + limits.keep
    scores = _agreement(detections.take(whole.people), whole.squares, others, whole.boxes, frame_size, limits)
    picks = np.arange(n)
    for row, (person, score) in enumerate(zip(whole.people, scores, strict=True)):
        if score > best[person]:
            best[person], picks[person] = score, n + row
    both = (squares, whole.squares)
    every = Squares(*(np.concatenate([getattr(s, f.name) for s in both]) for f in fields(Squares)))
    return every.take(picks), BodyEstimates.concatenate([seen, others]).take(picks), picks


def _agreement(
    detections: Detections,
    squares: Squares,
    estimates: BodyEstimates,
    boxes: Float32,
    frame_size: tuple[int, int],
    limits: CutOff,
) -> Float64:
    joints = joints_in_source(estimates, squares)
    whole = box_overlaps(whole_body_boxes(joints), boxes)
    return fit(overlaps(detections, joints, frame_size), estimates.presence) + limits.agreement * whole


def _ends_at(detections: Detections, frame_size: tuple[int, int], border: float) -> tuple[Bool, Bool]:
    """Return which boxes end at the upper and at the lower border."""
    tolerance = border * frame_size[1]
    return detections.boxes[:, 1] <= tolerance, detections.boxes[:, 3] >= frame_size[1] - tolerance


def _taller(box: Float32, *, above: float = 1.0, below: float = 1.0) -> Float32:
    height = box[3] - box[1]
    shift = np.array([0, (1 - above) * height, 0, (below - 1) * height], np.float32)
    return np.asarray(box + shift, np.float32)


def _sizes(boxes: Float32) -> Float32:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0.0), np.float32)
