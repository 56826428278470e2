"""The bodies of a window of frames: one batch of upright crops, then larger and turned ones for those who need them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker_service.people.alignment import Hypotheses, choose, hypotheses
from tracker_service.people.crops import crop
from tracker_service.people.cut_off import WholeBoxes, choose_whole, whole_boxes
from tracker_service.people.estimates import BodyEstimates
from tracker_service.pipeline.models.regression import BodyRegressor
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.types import Detections, Squares, UInt8


@dataclass(frozen=True, slots=True)
class Candidates:
    """The boxes of one frame that are worth a body.

    Attributes:
        image: the frame, (H, W, 3) uint8 RGB.
        detections: the n boxes.
        squares: the n upright squares to crop.
    """

    image: UInt8
    detections: Detections
    squares: Squares

    @property
    def frame_size(self) -> tuple[int, int]:
        """(width, height) of the frame."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True, slots=True)
class Bodies:
    """The bodies of one frame and the crops they were seen in.

    Attributes:
        squares: the n cropped squares, turned where that fitted better.
        crops: (n, 256, 256, 3) uint8 RGB.
        estimates: the n bodies, in the axes of their crops.
    """

    squares: Squares
    crops: UInt8
    estimates: BodyEstimates


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
    with times.measure("crops"):
        crops = [crop(frame.image, frame.squares) for frame in candidates]
    with times.measure("bodies"):
        estimates = _in_one_batch(crops, regressor)
    upright = [
        Bodies(frame.squares, of_frame, bodies)
        for frame, of_frame, bodies in zip(candidates, crops, estimates, strict=True)
    ]
    if not align:
        return upright
    return _aligned(candidates, _completed(candidates, upright, regressor, times), regressor, times)


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
        crops = [crop(frame.image, whole.squares) for frame, whole in zip(candidates, tries, strict=True)]
    with times.measure("bodies"):
        estimates = _in_one_batch(crops, regressor)
    return [_whole(*parts) for parts in zip(candidates, seen, tries, crops, estimates, strict=True)]


def _whole(frame: Candidates, seen: Bodies, whole: WholeBoxes, crops: UInt8, estimates: BodyEstimates) -> Bodies:
    squares, chosen, rows = choose_whole(
        frame.detections, (seen.squares, seen.estimates), (whole, estimates), frame.frame_size
    )
    return Bodies(squares, np.concatenate([seen.crops, crops])[rows], chosen)


def _aligned(
    candidates: Sequence[Candidates], upright: list[Bodies], regressor: BodyRegressor, times: StageTimes
) -> list[Bodies]:
    with times.measure("crops"):
        tries = [
            hypotheses(frame.detections, bodies.squares, bodies.estimates, frame.frame_size)
            for frame, bodies in zip(candidates, upright, strict=True)
        ]
        if not any(map(len, tries)):
            return upright
        crops = [crop(frame.image, turned.squares) for frame, turned in zip(candidates, tries, strict=True)]
    with times.measure("bodies"):
        estimates = _in_one_batch(crops, regressor)
    return [_best(*parts) for parts in zip(candidates, upright, tries, crops, estimates, strict=True)]


def _best(frame: Candidates, upright: Bodies, turned: Hypotheses, crops: UInt8, estimates: BodyEstimates) -> Bodies:
    squares, chosen, rows = choose(
        frame.detections, (upright.squares, upright.estimates), (turned, estimates), frame.frame_size
    )
    return Bodies(squares, np.concatenate([upright.crops, crops])[rows], chosen)


def _in_one_batch(crops: Sequence[UInt8], regressor: BodyRegressor) -> list[BodyEstimates]:
    """Regress the crops of all frames at once and give each frame its own rows."""
    ends = np.cumsum([len(of_frame) for of_frame in crops])
    estimates = regressor.regress(np.concatenate(crops))
    starts = [0, *ends[:-1]]
    return [estimates.take(np.arange(start, end)) for start, end in zip(starts, ends, strict=True)]
