"""The bodies of a window of frames: one batch of upright crops, then larger and turned ones for those who need them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker_service.people.alignment import ROUNDS, Turns
from tracker_service.people.crops import crop_each
from tracker_service.people.cut_off import WholeBoxes, choose_whole, whole_boxes
from tracker_service.people.estimates import BodyEstimates
from tracker_service.pipeline.models.regression import BodyRegressor
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.types import Detections, Float32, Int64, Picture, Squares, UInt8
from tracker_service.types.calibration import Calibration


@dataclass(frozen=True, slots=True)
class Candidates:
    """The boxes of one frame that are worth a body.

    Attributes:
        picture: the frame.
        detections: the n boxes.
        squares: the n upright squares to crop.
        calibration: the frame's camera, None where its focal length is not known.
    """

    picture: Picture
    detections: Detections
    squares: Squares
    calibration: Calibration | None = None

    @property
    def frame_size(self) -> tuple[int, int]:
        """(width, height) of the frame."""
        return self.picture.size


@dataclass(frozen=True, slots=True)
class Bodies:
    """The bodies of one frame and the crops they were seen in.

    Attributes:
        squares: the n cropped squares, turned where that fitted better.
        crops: (n, 256, 256, 3) uint8 RGB.
        estimates: the n bodies, in the axes of their crops.
        other_bodies: those of people who are about as likely turned another way up, None where nobody is.
    """

    squares: Squares
    crops: UInt8
    estimates: BodyEstimates
    other_bodies: "OtherBodies | None" = None


@dataclass(frozen=True, slots=True)
class OtherBodies:
    """Another answer to the question which way up some people of a frame are.

    Attributes:
        people: (m,) int64 rows of the frame's bodies.
        lead: (m,) float32 how much better the body reported scores; see `alignment.Choice`.
        bodies: their m other bodies.
    """

    people: Int64
    lead: Float32
    bodies: Bodies


def regress_bodies(
    candidates: Sequence[Candidates], regressor: BodyRegressor, *, align: bool, times: StageTimes
) -> list[Bodies]:
    """Return the bodies of every frame of a window.

    Args:
        candidates: one entry a frame.
        regressor: runs the HMR model.
        align: try turned crops where the upright one does not fit the person, and larger ones where the border of the
            picture cuts it off.
        times: counts busy seconds.
    """
    squares = [frame.squares for frame in candidates]
    crops, estimates = _seen_in(candidates, squares, regressor, times)
    upright = [
        Bodies(frame.squares, of_frame, bodies)
        for frame, of_frame, bodies in zip(candidates, crops, estimates, strict=True)
    ]
    if not align:
        return upright
    return _aligned(candidates, _completed(candidates, upright, regressor, times), regressor, times)


def _seen_in(
    candidates: Sequence[Candidates], squares: Sequence[Squares], regressor: BodyRegressor, times: StageTimes
) -> tuple[list[UInt8], list[BodyEstimates]]:
    """Return the crops of every frame's squares and the bodies in them; one batch for all of them."""
    with times.measure("crops"):
        every, crops = crop_each([frame.picture for frame in candidates], squares)
    with times.measure("bodies"):
        return crops, regressor.regress(every, squares, [frame.calibration for frame in candidates])


def _completed(
    candidates: Sequence[Candidates], seen: list[Bodies], regressor: BodyRegressor, times: StageTimes
) -> list[Bodies]:
    """Give the bodies that the border cuts off their room beyond it; one batch for those of all frames."""
    with times.measure("crops"):
        tries = [
            whole_boxes(frame.detections, bodies.squares, bodies.estimates, frame.frame_size)
            for frame, bodies in zip(candidates, seen, strict=True)
        ]
        if not any(map(len, tries)):
            return seen
    crops, estimates = _seen_in(candidates, [whole.squares for whole in tries], regressor, times)
    return [_whole(*parts) for parts in zip(candidates, seen, tries, crops, estimates, strict=True)]


def _whole(frame: Candidates, seen: Bodies, whole: WholeBoxes, crops: UInt8, estimates: BodyEstimates) -> Bodies:
    squares, chosen, rows = choose_whole(
        frame.detections, (seen.squares, seen.estimates), (whole, estimates), frame.frame_size
    )
    return Bodies(squares, np.concatenate([seen.crops, crops])[rows], chosen)


def _aligned(
    candidates: Sequence[Candidates], upright: list[Bodies], regressor: BodyRegressor, times: StageTimes
) -> list[Bodies]:
    """Turn the crops of those who are in doubt, in a few rounds; one batch a round for those of all frames."""
    with times.measure("crops"):
        turns = [
            Turns(frame.detections, bodies.squares, bodies.estimates, frame.frame_size)
            for frame, bodies in zip(candidates, upright, strict=True)
        ]
    if not any(of_frame.in_doubt for of_frame in turns):
        return upright
    crops = [[bodies.crops] for bodies in upright]
    for wanted in ROUNDS:
        with times.measure("crops"):
            tries = [wanted(of_frame) for of_frame in turns]
            if not any(map(len, tries)):
                continue
        turned, estimates = _seen_in(candidates, [tried.squares for tried in tries], regressor, times)
        for of_frame, tried, seen, shown, before in zip(turns, tries, estimates, turned, crops, strict=True):
            of_frame.add(tried, seen)
            before.append(shown)
    return [_chosen(*parts) for parts in zip(upright, turns, crops, strict=True)]


def _chosen(upright: Bodies, turns: Turns, crops: Sequence[UInt8]) -> Bodies:
    if len(crops) == 1 or len(turns.squares) == len(upright.squares):
        return upright
    choice, shown = turns.choose(), np.concatenate(crops)

    def bodies(rows: Int64, other: OtherBodies | None = None) -> Bodies:
        return Bodies(turns.squares.take(rows), shown[rows], turns.estimates.take(rows), other)

    people = np.flatnonzero(np.isfinite(choice.lead))
    if not len(people):
        return bodies(choice.best)
    return bodies(choice.best, OtherBodies(people, choice.lead[people], bodies(choice.other[people])))
