"""Shadows of people: a silhouette that detectors and body models take for somebody.

A shadow is the ground with a part of its light taken away, so it is of one tone, and that tone is the surroundings'
dimmed: on snow to 60 %. Clothes and skin differ from each other and are shaded; people against the light are of one
tone too, but nearly black.
"""

import cv2
import numpy as np

from tracker_service.body.joints import JOINT_INDEX
from tracker_service.types import Bool, Float32, Float64, ImageLike, Int64, Picture, picture_of

_ALONG_A_BONE, _ALONG_A_SIDE = 8, 20
_LEAST_POINTS = 20
_DIFFERENT = 20.0
"""Mean difference, of 255, between tone and surroundings below which nothing can be said."""
_ONE_TONE = 0.07
"""How much six in ten points of the body may differ from its tone, as a part of the tone's difference from the
surroundings. Shadows had .03 to .06, the most even of 2400 people .07, those against the light apart."""
_DIMMED = (0.3, 0.85)
"""Brightness of a shadow relative to its surroundings: the sky lights it, so that it is not black."""
_MOST_PART = 0.6
_AWAY = 0.15
"""How far from the box the surroundings are looked at, as a part of its longer side."""
_NEAR = np.mgrid[-1:2, -1:2].reshape(2, 9, 1).transpose(1, 2, 0).astype(np.int16)
"""Steps to a pixel and the eight around it."""
_WHOLE_PIXELS = np.zeros(0, np.int16)
"""OpenCV's second map, of the fractions of places."""
_PARTS = np.linspace(0, 1, _ALONG_A_BONE)[:, None, None]
_STEPS = np.linspace(0, 1, _ALONG_A_SIDE)
_ALL_ROUND = np.concatenate(
    [
        np.column_stack(np.broadcast_arrays(x, y))
        for x, y in ((_STEPS, 0.0), (_STEPS, 1.0), (0.0, _STEPS), (1.0, _STEPS))
    ]
)
"""(k, 2) points on the sides of a box, as parts of its width and height."""


_OF_A_SIDE = (("shoulder", "hip"), ("shoulder", "elbow"), ("hip", "knee"), ("knee", "ankle"))
_BONE_NAMES = (
    ("nose", "neck"),
    ("neck", "mid_hip"),
    ("left_shoulder", "right_hip"),
    ("right_shoulder", "left_hip"),
    *((f"{side}_{start}", f"{side}_{end}") for side in ("left", "right") for start, end in _OF_A_SIDE),
)
_BONES = np.array([[JOINT_INDEX[start], JOINT_INDEX[end]] for start, end in _BONE_NAMES])
_ON_BONES = _ALONG_A_BONE * len(_BONES)


def shadows(image: ImageLike, boxes: Float32, joints_2d: Float32) -> Bool:
    """Return (n,) which people of a frame are shadows.

    Args:
        image: (H, W, 3) uint8 RGB or a picture, the frame.
        boxes: (n, 4) around them, pixels.
        joints_2d: (n, 44 or 45, 2) joints of the bodies that were seen in them, pixels.
    """
    picture = picture_of(image)
    points = np.concatenate([_along_bones(joints_2d), _surroundings(boxes)], axis=1)
    inside = np.asarray(((points >= 1) & (points <= np.array(picture.size) - 2)).all(axis=2))
    pixels = np.rint(np.where(inside[..., None], points, 0)).astype(np.int64)
    return np.array(
        [
            _is_shadow(picture, of_body[on_bones], around[beside])
            for of_body, on_bones, around, beside in zip(
                pixels[:, :_ON_BONES], inside[:, :_ON_BONES], pixels[:, _ON_BONES:], inside[:, _ON_BONES:], strict=True
            )
        ],
        np.bool_,
    )


def _is_shadow(picture: Picture, bones: Int64, surroundings: Int64) -> bool:
    """Tell of one person by the pixels x y along the bones and all round."""
    if min(len(bones), len(surroundings)) < _LEAST_POINTS:
        return False
    colours = _colours(picture, np.concatenate([bones, surroundings]))
    body, around = colours[: len(bones)], colours[len(bones) :]
    tone, light = _median(body), _median(around)
    difference = np.abs(tone - light).mean()
    dimmed = float((tone / np.maximum(light, 1)).mean())
    if not (difference > _DIFFERENT and _DIMMED[0] < dimmed < _DIMMED[1]):
        return False
    return bool(_quantile(np.abs(body - tone).max(axis=1), _MOST_PART) < _ONE_TONE * difference)


def _median(colours: Float64) -> Float64:
    """Return the (3,) medians of (k, 3) colours; numpy's own takes several times as long for so few."""
    ordered, count = np.sort(colours, axis=0), len(colours)
    return np.asarray((ordered[(count - 1) // 2] + ordered[count // 2]) / 2)


def _quantile(values: Float64, part: float) -> float:
    """Return a quantile of (k,) values, linear between two; as for the medians, numpy's own takes much longer."""
    return float(np.interp(part * (len(values) - 1), np.arange(len(values)), np.sort(values)))


def _along_bones(joints: Float32) -> Float64:
    """Return (n, k, 2) points along the bones of n bodies."""
    start, end = np.moveaxis(joints[:, _BONES].astype(np.float64), 2, 0)
    return np.asarray((start[:, None] + _PARTS * (end - start)[:, None]).reshape(len(joints), _ON_BONES, 2))


def _surroundings(boxes: Float32) -> Float64:
    """Return (n, k, 2) points all round n boxes, a little away from them."""
    low, high = np.moveaxis(boxes.astype(np.float64).reshape(-1, 1, 2, 2), 2, 0)
    away = _AWAY * (high - low).max(axis=2, keepdims=True)
    low, high = low - away, high + away
    return np.asarray(low + _ALL_ROUND * (high - low))


def _colours(picture: Picture, pixels: Int64) -> Float64:
    """Return the (k, 3) colours at pixels x y inside the picture's border, each the mean of 3 x 3."""
    (left, top), (right, bottom) = pixels.min(axis=0) - 1, pixels.max(axis=0) + 2
    image = picture.window(slice(top, bottom), slice(left, right))
    # OpenCV takes a fraction of the time of indexing with arrays.
    places = (pixels - (left, top)).astype(np.int16) + _NEAR
    near = np.asarray(cv2.remap(image, places, _WHOLE_PIXELS, cv2.INTER_NEAREST))[..., :3]
    return np.asarray(near.sum(axis=0, dtype=np.uint16) / np.float64(len(near)), np.float64)
