"""Turned crops for people who do not stand upright in the frame.

BlazePose expects an upright person; for people who lie or stand on their head it gives upright bodies that are wrong.
Where the first, upright pass does not fit the person box, turned crops of the same square are tried and the one whose
body covers the box best is kept. Each frame is treated alone, and people whom the first pass fits (nearly all of a
walking crowd) cost nothing.
"""

from dataclasses import dataclass, fields

import numpy as np

from tracker_service.body.joints import BODY_25_NAMES, JOINT_INDEX
from tracker_service.people.cameras import project_to_crop
from tracker_service.people.crops import CROP_SIZE, crop_to_source
from tracker_service.people.estimates import BodyEstimates
from tracker_service.types import Bool, Detections, Float32, Float64, Int64, Squares

_OUTLINE = [*range(len(BODY_25_NAMES)), JOINT_INDEX["head_top_lsp"]]
_BOX_MARGIN = 0.05
"""How far a body reaches beyond its joints, as a part of the longer side of their box."""
_PRESENCE_WEIGHT = 0.25
_HALF_TURN = np.pi


@dataclass(frozen=True, slots=True)
class Alignment:
    """When to try turned crops. A fit is the IoU of body and person box plus a quarter of the presence, 0 to 1.25.

    Attributes:
        wide: width:height from which a box may be a lying person's. Raising it finds fewer of them.
        fit_wide: such boxes are tried again below this fit. Raising it costs time on people who sit or spread arms.
        fit_tall: other boxes are tried again below this fit. Raising it costs time in crowds, where hidden people fit
            badly whatever the angle.
        tilt: radians of lean from which the first pass is not trusted. Raising it tries fewer leaning people again.
        presence: least presence for the first pass to count as having seen a person.
        least_score: boxes below this score are never tried again. Raising it saves time on boxes that only continue
            tracks (half of a crowd's, mostly parts of people), and loses lying people, whom detectors score low.
        sure_score: unless it saw one, only boxes with at least this score are tried again, or wide ones; the others are
            mostly furniture. Raising it loses people standing on their head.
        keep: how much better a turned crop must fit than the upright one. Raising it keeps more crops upright.
    """

    wide: float = 0.8
    fit_wide: float = 1.0
    fit_tall: float = 0.65
    tilt: float = np.pi / 6
    presence: float = 0.3
    least_score: float = 0.3
    sure_score: float = 0.6
    keep: float = 0.02


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """Turned crops to try.

    Attributes:
        squares: m turned squares.
        people: (m,) the person each is of, a row of the first pass.
    """

    squares: Squares
    people: Int64

    def __len__(self) -> int:
        return len(self.people)


def fits(detections: Detections, squares: Squares, estimates: BodyEstimates, frame_size: tuple[int, int]) -> Float64:
    """Say how well each estimated body fits its person box: IoU of their boxes plus a quarter of the presence, (n,).

    Args:
        detections: n person boxes.
        squares: what was cropped for each, with any angle.
        estimates: the bodies seen in these crops.
        frame_size: (width, height) of the frame; bodies are cut off at its border, as boxes are.
    """
    return box_overlaps(_body_boxes(_in_source(estimates, squares), frame_size), detections.boxes) + (
        _PRESENCE_WEIGHT * estimates.presence
    )


def hypotheses(
    detections: Detections,
    squares: Squares,
    estimates: BodyEstimates,
    frame_size: tuple[int, int],
    alignment: Alignment | None = None,
) -> Hypotheses:
    """Return the turned crops worth trying after the upright pass; often none.

    Tall boxes are tried upside down, wide ones on both sides, square ones all ways; and each along the axis of the body
    that the first pass saw, where that leans.

    Args:
        detections: n person boxes.
        squares: their upright squares.
        estimates: the first pass over these squares.
        frame_size: (width, height) of the frame.
        alignment: when to try; None for the defaults.
    """
    limits = alignment or Alignment()
    axes = _body_axes(_in_source(estimates, squares))
    seen = estimates.presence >= limits.presence
    aspects = _aspects(detections)
    again = _to_retry(detections, fits(detections, squares, estimates, frame_size), axes, seen, limits)
    people: list[int] = []
    angles: list[float] = []
    for person in np.flatnonzero(again):
        turns = _turns(float(aspects[person]), limits.wide)
        axis = float(axes[person])
        if seen[person] and min(_apart(axis, turn) for turn in (0.0, *turns)) > limits.tilt / 2:
            turns = (*turns, axis)
        people += [int(person)] * len(turns)
        angles += turns
    rows = np.array(people, np.int64)
    turned = Squares(squares.centers[rows], squares.sides[rows], np.array(angles, np.float32))
    return Hypotheses(turned, rows)


def choose(
    detections: Detections,
    first: tuple[Squares, BodyEstimates],
    tried: tuple[Hypotheses, BodyEstimates],
    frame_size: tuple[int, int],
    alignment: Alignment | None = None,
) -> tuple[Squares, BodyEstimates, Int64]:
    """Keep the crop of every person whose body fits the person box best.

    Args:
        detections: n person boxes.
        first: upright squares and their estimates.
        tried: turned crops and their estimates.
        frame_size: (width, height) of the frame.
        alignment: as for `hypotheses`.

    Returns:
        The n squares and estimates, and (n,) rows of the chosen ones in "first, then tried" (crops line up with that).
    """
    (squares, upright), (turned, others) = first, tried
    n = len(detections)
    picks = np.arange(n)
    if not len(turned):
        return squares, upright, picks
    best = fits(detections, squares, upright, frame_size) + (alignment or Alignment()).keep
    scores = fits(detections.take(turned.people), turned.squares, others, frame_size)
    for row, (person, score) in enumerate(zip(turned.people, scores, strict=True)):
        if score > best[person]:
            best[person], picks[person] = score, n + row
    every = BodyEstimates.concatenate([upright, others])
    both = (squares, turned.squares)
    squares = Squares(*(np.concatenate([getattr(s, f.name) for s in both]) for f in fields(Squares)))
    return squares.take(picks), every.take(picks), picks


def _to_retry(detections: Detections, fit: Float64, axes: Float64, seen: Bool, limits: Alignment) -> Bool:
    aspects = _aspects(detections)
    wide = aspects >= limits.wide
    poor = fit < np.where(wide, limits.fit_wide, limits.fit_tall)
    leaning = seen & (np.abs(axes) > limits.tilt)
    # A box that is wider than high by far is no piece of furniture on its feet.
    plausible = seen | (detections.scores >= limits.sure_score) | (aspects >= 1.5 * limits.wide)
    result: Bool = (poor | leaning) & plausible & (detections.scores >= limits.least_score)
    return result


def _turns(aspect: float, wide: float) -> tuple[float, ...]:
    sides = (_HALF_TURN / 2, -_HALF_TURN / 2)
    if aspect > 2 * wide:
        return sides
    if aspect < wide * 0.75:
        return (_HALF_TURN,)
    return (*sides, _HALF_TURN)


def _apart(first: float, second: float) -> float:
    return float(abs((first - second + np.pi) % (2 * np.pi) - np.pi))


def _aspects(detections: Detections) -> Float32:
    width, height = (detections.boxes[:, 2:] - detections.boxes[:, :2]).T
    aspects: Float32 = width / np.maximum(height, 1e-6)
    return aspects


def _in_source(estimates: BodyEstimates, squares: Squares) -> Float64:
    """Return the (n, 44, 2) joints in source pixels."""
    in_crop = project_to_crop(estimates.joints_3d, estimates.crop_cameras, CROP_SIZE).astype(np.float64)
    maps = crop_to_source(squares, CROP_SIZE)
    points: Float64 = in_crop @ maps[:, :, :2].swapaxes(1, 2) + maps[:, None, :, 2]
    return points


def _body_axes(joints: Float64) -> Float64:
    """Return the (n,) clockwise angles from the image's upward axis to mid hip → mid shoulders."""
    shoulders = (joints[:, JOINT_INDEX["left_shoulder"]] + joints[:, JOINT_INDEX["right_shoulder"]]) / 2
    x, y = (shoulders - joints[:, JOINT_INDEX["mid_hip"]]).T
    return np.asarray(np.arctan2(x, -y), np.float64)


def whole_body_boxes(estimates: BodyEstimates, squares: Squares) -> Float64:
    """Return the (n, 4) boxes of the estimated bodies in source pixels, also beyond the border of the frame."""
    return _around(_in_source(estimates, squares))


def _body_boxes(joints: Float64, frame_size: tuple[int, int]) -> Float64:
    return np.asarray(np.clip(_around(joints), 0, (*frame_size, *frame_size)), np.float64)


def _around(joints: Float64) -> Float64:
    outline = joints[:, _OUTLINE]
    low, high = outline.min(axis=1), outline.max(axis=1)
    reach = _BOX_MARGIN * (high - low).max(axis=1, keepdims=True)
    return np.asarray(np.concatenate([low - reach, high + reach], axis=1), np.float64)


def box_overlaps(first: Float64, second: Float32) -> Float64:
    """Return the (n,) intersection over union of n pairs of boxes x1 y1 x2 y2."""
    overlap = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2])
    common = np.clip(overlap, 0, None).prod(axis=1)
    union = sum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (first, second)) - common
    return np.asarray(common / np.maximum(union, 1e-9), np.float64)
