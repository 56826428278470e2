"""Turned crops for people who do not stand upright in the frame.

BlazePose expects an upright person; for people who lean, lie or stand on their head it gives upright bodies that are
wrong. So where the first, upright pass is in doubt, turned crops of the same square are tried: along the axis of the
body that was seen, then all round, then along the axis of the best. A crop is believed by three pieces of evidence:
its body covers the person box, the model is sure that a person is there, and the body stands upright *in the crop*, as
the people do that the model was trained with. Each frame is treated alone; people whom the first pass fits (nearly all
of a walking crowd) cost nothing. Where two turns are nearly as good, both are kept, and the tracker decides by how the
person was turned before (`tracker_service.phalp.continuation.turns`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

import numpy as np

from tracker_service.people.body_fit import body_axes, fit, joints_in_source, overlaps
from tracker_service.people.estimates import BodyEstimates
from tracker_service.types import Bool, Detections, Float32, Float64, Int64, Squares

_PRESENCE_WEIGHT = 0.5
_LEAN_WEIGHT = 0.3
"""Score lost per radian that a body leans in its own crop: a third of a turn costs as much as IoU and presence of a
good body exceed those of a bad one."""
_HALF_TURN = np.pi
_ALL_ROUND = tuple(np.radians([45, -45, 90, -90, 135, -135, 180]).tolist())
"""A crop that is off by up to 22.5 degrees shows a person who leans as much as people do who walk."""
_FURTHEST = np.pi / 9
"""Most radians that a crop is turned beyond the lean that was seen."""
_SAME_TURN = np.pi / 12
"""Radians between two turns that are not worth two crops."""
_OTHER_TURN = np.pi / 4
"""Radians from which a turn is another answer to the question which way up a person is."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """When to try turned crops.

    A fit is the IoU of body and person box plus a quarter of the presence, 0 to 1.25. A score is the IoU plus half of
    the presence, less the lean in the crop; a good body has 1.2 or more.

    Attributes:
        wide: width:height from which a box may be a lying person's. Raising it finds fewer of them.
        fit_wide: such boxes are tried again below this fit. Raising it costs time on people who sit or spread arms.
        fit_tall: other boxes are tried again below this fit. Raising it costs time in crowds, where hidden people fit
            badly whatever the angle.
        lean: radians of lean from which the first pass is not trusted. Raising it tries fewer leaning people again.
        further: by which factor a body leans more than it is seen to lean in its crop, because the model has seen few
            who lean. Raising it turns the next crop further.
        enough: score of the best turn so far from which no more are tried. Raising it costs time on people whose limbs
            the model misses whatever the turn.
        presence: least presence for the first pass to count as having seen a person.
        least_score: boxes below this score are never tried again. Raising it saves time on boxes that only continue
            tracks (half of a crowd's, mostly parts of people), and loses lying people, whom detectors score low.
        sure_score: unless it saw one, only boxes with at least this score are tried again, or wide ones; the others are
            mostly furniture. Raising it loses people standing on their head.
        room: side of a turned crop relative to the upright one. A box around an oblique person is smaller than the
            person is long, so that its square cuts head and feet off. Raising it shows the person smaller.
        keep: how much better a crop must score than the upright one if it is turned by a quarter or more; crops turned
            less need as much less. Raising it keeps more crops upright.
        doubt: another turn that scores at most so much less than the best is kept for the tracker. Raising it lets the
            track's last turn overrule more of what one frame says.
    """

    wide: float = 0.8
    fit_wide: float = 1.0
    fit_tall: float = 0.65
    lean: float = np.pi / 18
    further: float = 1.5
    enough: float = 1.15
    presence: float = 0.3
    least_score: float = 0.3
    sure_score: float = 0.6
    room: float = 1.15
    keep: float = 0.1
    doubt: float = 0.3


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


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the crops that were tried show the n people as they are turned.

    Attributes:
        best: (n,) row among all crops tried, the upright ones first.
        other: (n,) row of the best crop with another turn; ``best`` again where there is no doubt.
        lead: (n,) float32 how much better the best scores than the other; infinite where there is no doubt.
    """

    best: Int64
    other: Int64
    lead: Float32


class Turns:
    """The crops of one frame that were tried so far.

    Args:
        detections: n person boxes.
        squares: their upright squares.
        estimates: the first pass over these squares.
        frame_size: (width, height) of the frame.
        alignment: when to try; None for the defaults.
    """

    def __init__(
        self,
        detections: Detections,
        squares: Squares,
        estimates: BodyEstimates,
        frame_size: tuple[int, int],
        alignment: Alignment | None = None,
    ) -> None:
        self._detections, self._frame_size = detections, frame_size
        self._limits = alignment or Alignment()
        self._people = np.arange(len(detections))
        self.squares, self.estimates = squares, estimates
        joints = joints_in_source(estimates, squares)
        covered = overlaps(detections, joints, frame_size)
        self._axes = body_axes(joints)
        self._lean, self._poor = self._doubtful(covered)
        self._scores = self._scored(squares, self._axes, covered, estimates.presence)

    @property
    def in_doubt(self) -> bool:
        """Whether a turned crop of anybody is worth trying after the first pass."""
        return bool((self._lean | self._poor).any())

    def along_lean(self) -> Hypotheses:
        """Return a crop along the axis of each body that leaned in the first pass and still leans in its last crop."""
        last = np.arange(len(self._detections))
        last[self._people] = np.arange(len(self._people))
        left = np.abs(_from_to(self.squares.angles[last], self._axes[last]))
        rows = np.flatnonzero(self._lean & (left > self._limits.lean))
        return self._turned(rows, ((turn,) for turn in self._next_turns(last[rows]).tolist()))

    def all_round(self) -> Hypotheses:
        """Return the turns that those boxes allow that no crop so far fits: a tall box is not a lying person's."""
        best = self._best()
        rows = np.flatnonzero(self._poor | (self._lean & (self._scores[best] < self._limits.enough)))
        aspects = _aspects(self._detections)
        turns = (_ALL_ROUND if self._lean[row] else _turns(float(aspects[row]), self._limits.wide) for row in rows)
        return self._turned(rows, turns)

    def along_best(self) -> Hypotheses:
        """Return a crop along the axis of the best body of everybody who was tried again."""
        rows = np.unique(self._people[len(self._detections) :])
        return self._turned(rows, ((turn,) for turn in self._next_turns(self._best()[rows]).tolist()))

    def add(self, tried: Hypotheses, estimates: BodyEstimates) -> None:
        """Take in what was seen in ``tried``."""
        if not len(tried):
            return
        joints = joints_in_source(estimates, tried.squares)
        axes = body_axes(joints)
        covered = overlaps(self._detections.take(tried.people), joints, self._frame_size)
        scores = self._scored(tried.squares, axes, covered, estimates.presence)
        self._axes, self._scores = np.concatenate([self._axes, axes]), np.concatenate([self._scores, scores])
        self._people = np.concatenate([self._people, tried.people])
        parts = (self.squares, tried.squares)
        self.squares = Squares(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Squares)))
        self.estimates = BodyEstimates.concatenate([self.estimates, estimates])

    def choose(self) -> Choice:
        """Return the crop that each person is believed in, and the best one with another turn where that is close."""
        best = self._best()
        angles = self.squares.angles
        turned_away = np.abs(_from_to(angles[best][self._people], angles)) >= _OTHER_TURN
        other = self._best(np.where(turned_away, self._scores, -np.inf))
        behind = np.where(turned_away[other], self._scores[best] - self._scores[other], np.inf)
        close = behind <= self._limits.doubt
        return Choice(best, np.where(close, other, best), np.where(close, behind, np.inf).astype(np.float32))

    def _best(self, scores: Float64 | None = None) -> Int64:
        """Return the (n,) rows with the best scores, the first of equals."""
        scores = self._scores if scores is None else scores
        order = np.lexsort((-np.arange(len(scores)), scores))
        best = np.arange(len(self._detections))
        best[self._people[order]] = order
        return best

    def _scored(self, squares: Squares, axes: Float64, covered: Float64, presence: Float32) -> Float64:
        lean = np.abs(_from_to(squares.angles, axes))
        turned = np.minimum(np.abs(_from_to(0, squares.angles)) / (_HALF_TURN / 2), 1)
        evidence = covered + _PRESENCE_WEIGHT * presence - _LEAN_WEIGHT * lean
        return np.asarray(evidence - self._limits.keep * turned, np.float64)

    def _next_turns(self, rows: Int64) -> Float64:
        """Return the turns in which the bodies of crops would stand upright."""
        angles = self.squares.angles[rows].astype(np.float64)
        seen = _from_to(angles, self._axes[rows])
        return angles + seen + np.clip((self._limits.further - 1) * seen, -_FURTHEST, _FURTHEST)

    def _doubtful(self, covered: Float64) -> tuple[Bool, Bool]:
        """Return whom the first pass saw leaning, and whom of the others it fits badly."""
        limits, aspects = self._limits, _aspects(self._detections)
        seen = self.estimates.presence >= limits.presence
        fits = fit(covered, self.estimates.presence)
        poor = fits < np.where(aspects >= limits.wide, limits.fit_wide, limits.fit_tall)
        # A box that is wider than high by far is no piece of furniture on its feet.
        plausible = seen | (self._detections.scores >= limits.sure_score) | (aspects >= 1.5 * limits.wide)
        plausible &= self._detections.scores >= limits.least_score
        leaning = np.asarray(seen & plausible & (np.abs(self._axes) > limits.lean))
        return leaning, np.asarray(poor & plausible & ~leaning)

    def _turned(self, rows: Int64, turns: Iterable[tuple[float, ...]]) -> Hypotheses:
        """Return the turns of each of ``rows`` that were not tried yet."""
        wanted = [(row, turn) for row, each in zip(rows.tolist(), turns, strict=True) for turn in each]
        people = np.array([row for row, _ in wanted], np.int64)
        angles = np.array([turn for _, turn in wanted], np.float32)
        tried = np.abs(_from_to(angles[:, None], self.squares.angles)) < _SAME_TURN
        new = ~(tried & (people[:, None] == self._people)).any(axis=1)
        people, angles = people[new], angles[new]
        sides = (self._limits.room * self.squares.sides[people]).astype(np.float32)
        return Hypotheses(Squares(self.squares.centers[people], sides, angles), people)


ROUNDS: tuple[Callable[[Turns], Hypotheses], ...] = (
    Turns.along_lean,
    Turns.along_lean,
    Turns.all_round,
    Turns.along_best,
)
"""In which order turns are tried; what a round tries depends on what those before it showed."""


def _turns(aspect: float, wide: float) -> tuple[float, ...]:
    if aspect > 2 * wide:
        return (_HALF_TURN / 2, -_HALF_TURN / 2)
    return (_HALF_TURN,) if aspect < wide * 0.75 else _ALL_ROUND


def _from_to(first: Float64 | Float32 | float, second: Float64 | Float32) -> Float64:
    """Return the turns from the first to the second angles, -pi to pi."""
    return np.asarray((np.asarray(second, np.float64) - first + np.pi) % (2 * np.pi) - np.pi)


def _aspects(detections: Detections) -> Float32:
    width, height = (detections.boxes[:, 2:] - detections.boxes[:, :2]).T
    aspects: Float32 = width / np.maximum(height, 1e-6)
    return aspects
