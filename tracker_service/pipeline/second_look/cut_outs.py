"""Squares around the places where people are expected, and boxes found in them brought back to the frame."""

import numpy as np

from tracker_service.people.crops import crop_to_source
from tracker_service.types import Detections, ExpectedPeople, Float32, Float64, Squares

_LARGEST = 4.0
"""Side of the largest cut-out, as a multiple of the longer side of the expected box: in a larger one a person is too
small for anything to be gained."""
_QUARTER = np.pi / 2


def growth_of(expected: ExpectedPeople, growth: float) -> Float64:
    """Return the (n,) factors by which uncertainty about a place has grown: 1 in the first missed frame."""
    return np.asarray(1 + growth * (expected.frames_missed - 1))


def cut_outs(expected: ExpectedPeople, *, side: float, growth: float, angles: Float32) -> Squares:
    """Return the squares to look at for n expected people.

    Args:
        expected: the people.
        side: of a square, as a multiple of the longer side of the box.
        growth: what is added to ``side`` with every further missed frame.
        angles: (n,) radians by which the squares are turned.
    """
    corners = expected.boxes.astype(np.float64)
    longer = np.maximum((corners[:, 2:] - corners[:, :2]).max(axis=1, initial=0), 1)
    multiple = np.minimum(side + growth * (expected.frames_missed - 1), max(side, _LARGEST))
    centers = (corners[:, :2] + corners[:, 2:]) / 2
    return Squares(centers.astype(np.float32), (multiple * longer).astype(np.float32), angles)


def squares_around(boxes: Float32, side: float) -> Squares:
    """Return upright squares around n boxes, ``side`` times as large as their longer sides."""
    corners = boxes.astype(np.float64)
    longer = np.maximum((corners[:, 2:] - corners[:, :2]).max(axis=1, initial=0), 1)
    centers = (corners[:, :2] + corners[:, 2:]) / 2
    return Squares(centers.astype(np.float32), (side * longer).astype(np.float32), np.zeros(len(boxes), np.float32))


def quarter_turns(roll: Float32) -> Float32:
    """Return the nearest multiples of 90 degrees: boxes found in a square turned by one stay upright in the frame."""
    return np.asarray(np.rint(roll / _QUARTER) % 4 * _QUARTER, np.float32)


def in_frame(found: Detections, square: Squares, size: int, frame_size: tuple[int, int]) -> Detections:
    """Return what was found in a cut-out in the pixels of the frame, clipped to it.

    Args:
        found: boxes in the pixels of the cut-out.
        square: the one square, turned by a multiple of 90 degrees.
        size: side of the cut-out, pixels.
        frame_size: (width, height) of the frame.
    """
    to_source = crop_to_source(square, size)[0]
    corners = found.boxes.astype(np.float64).reshape(-1, 2, 2) @ to_source[:, :2].T + to_source[:, 2]
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    boxes = np.clip(boxes, 0, [*frame_size, *frame_size]).astype(np.float32)
    seen = (boxes[:, 2:] > boxes[:, :2] + 1).all(axis=1)
    return Detections(boxes[seen], found.scores[seen])
