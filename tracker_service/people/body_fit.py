"""How well an estimated body agrees with the person box it was estimated for, and which way it leans."""

import numpy as np

from tracker_service.body.joints import BODY_25_SIZE, JOINT_INDEX
from tracker_service.people.cameras import project_to_crop
from tracker_service.people.crops import CROP_SIZE, crop_to_source
from tracker_service.people.estimates import BodyEstimates
from tracker_service.types import Detections, Float32, Float64, Squares

_OUTLINE = [*range(BODY_25_SIZE), JOINT_INDEX["head_top_lsp"]]
_BOX_MARGIN = 0.05
"""How far a body reaches beyond its joints, as a part of the longer side of their box."""
_PRESENCE_WEIGHT = 0.25


def fits(detections: Detections, squares: Squares, estimates: BodyEstimates, frame_size: tuple[int, int]) -> Float64:
    """Say how well each estimated body fits its person box, (n,); see `fit`.

    Args:
        detections: n person boxes.
        squares: what was cropped for each, with any angle.
        estimates: the bodies seen in these crops.
        frame_size: (width, height) of the frame; bodies are cut off at its border, as boxes are.
    """
    return fit(overlaps(detections, joints_in_source(estimates, squares), frame_size), estimates.presence)


def fit(overlaps: Float64, presence: Float32) -> Float64:
    """Return the (n,) IoU of person boxes and the boxes of their bodies plus a quarter of the presence, 0 to 1.25."""
    return np.asarray(overlaps + _PRESENCE_WEIGHT * presence)


def overlaps(detections: Detections, joints: Float64, frame_size: tuple[int, int]) -> Float64:
    """Return the (n,) IoU of person boxes and the boxes of their bodies.

    Args:
        detections: n person boxes.
        joints: of the bodies, see `joints_in_source`.
        frame_size: as for `fits`.
    """
    inside = np.clip(whole_body_boxes(joints), 0, (*frame_size, *frame_size))
    return box_overlaps(inside, detections.boxes)


def whole_body_boxes(joints: Float64) -> Float64:
    """Return the (n, 4) boxes of bodies in source pixels, also beyond the border; joints as `joints_in_source` has."""
    outline = joints[:, _OUTLINE]
    low, high = outline.min(axis=1), outline.max(axis=1)
    reach = _BOX_MARGIN * (high - low).max(axis=1, keepdims=True)
    return np.asarray(np.concatenate([low - reach, high + reach], axis=1), np.float64)


def body_axes(joints: Float64) -> Float64:
    """Return the (n,) clockwise angles, radians, from the image's upward axis to mid hip → mid shoulders.

    Args:
        joints: of n bodies, see `joints_in_source`.
    """
    shoulders = (joints[:, JOINT_INDEX["left_shoulder"]] + joints[:, JOINT_INDEX["right_shoulder"]]) / 2
    x, y = (shoulders - joints[:, JOINT_INDEX["mid_hip"]]).T
    return np.asarray(np.arctan2(x, -y), np.float64)


def box_overlaps(first: Float64, second: Float32) -> Float64:
    """Return the (n,) intersection over union of n pairs of boxes x1 y1 x2 y2."""
    overlap = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2])
    common = np.clip(overlap, 0, None).prod(axis=1)
    union = sum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (first, second)) - common
    return np.asarray(common / np.maximum(union, 1e-9), np.float64)


def joints_in_source(estimates: BodyEstimates, squares: Squares) -> Float64:
    """Return the (n, 44, 2) joints of the bodies that were seen in ``squares``, in source pixels."""
    in_crop = project_to_crop(estimates.joints_3d, estimates.crop_cameras, CROP_SIZE).astype(np.float64)
    maps = crop_to_source(squares, CROP_SIZE)
    points: Float64 = in_crop @ maps[:, :, :2].swapaxes(1, 2) + maps[:, None, :, 2]
    return points
