"""Cutting the people out of a frame: only the part of the frame that a crop shows is read.

The geometry is that of 4D-Humans (``hmr2/datasets/utils.py``, ``generate_image_patch_cv2``) and PHALP
(``phalp/utils/utils_dataset.py``): integer coordinates are pixel centres on both sides, the crop's centre (size/2)
shows the square's centre, sampling is bilinear, and outside the frame is black.
"""

import math
from collections.abc import Sequence
from itertools import accumulate

import cv2
import numpy as np
from cv2.typing import MatLike

from tracker_service.types import Float32, Float64, ImageLike, Picture, Squares, UInt8, picture_of
from tracker_service.types.phalp_vectors import HMR_IMAGE_SIZE

CROP_SIZE = HMR_IMAGE_SIZE
"""Side of the crops that the HMR models take, pixels."""
_BLUR_ABOVE = 1.1
"""Half the reduction factor above which 4D-Humans' demo blurs before it samples (squares wider than 563.2 px)."""
_TRUNCATE = 4.0
"""Standard deviations after which the blur kernel ends (skimage's default)."""


def crop_to_source(squares: Squares, size: int = CROP_SIZE) -> Float64:
    """Return the (n, 2, 3) affine maps from crop pixels to source pixels."""
    scale = squares.sides.astype(np.float64) / size
    angles = squares.angles.astype(np.float64)
    maps = np.empty((len(scale), 2, 3))
    turn = maps[:, :, :2]
    turn[:, 0, 0] = turn[:, 1, 1] = scale * np.cos(angles)
    turn[:, 1, 0] = scale * np.sin(angles)
    turn[:, 0, 1] = -turn[:, 1, 0]
    maps[:, :, 2] = squares.centers - turn @ np.full(2, size / 2)
    return maps


def crop_each(pictures: Sequence[Picture], squares: Sequence[Squares]) -> tuple[UInt8, list[UInt8]]:
    """Cut squares out of several pictures, those of each; returns all crops, and the views of each picture's."""
    ends = list(accumulate(map(len, squares)))
    every = np.empty((ends[-1] if ends else 0, CROP_SIZE, CROP_SIZE, 3), np.uint8)
    views = [every[end - len(own) : end] for end, own in zip(ends, squares, strict=True)]
    for picture, own, view in zip(pictures, squares, views, strict=True):
        crop(picture, own, out=view)
    return every, views


def crop(
    image: ImageLike,
    squares: Squares,
    size: int = CROP_SIZE,
    *,
    antialias: bool = False,
    out: UInt8 | None = None,
) -> UInt8:
    """Cut ``squares`` out of ``image``.

    Args:
        image: (H, W, 3) uint8, or a picture, of which the shown parts are made.
        squares: n regions; their angle turns the crop.
        size: side of the crops, pixels.
        antialias: blur what is reduced by more than 2.2 first, as 4D-Humans' demo does (its tracker does not); only
            the shown part is blurred.
        out: (n, size, size, 3) uint8 to write the crops to; None makes a new array.

    Returns:
        (n, size, size, 3) uint8, in the image's channel order.
    """
    picture = picture_of(image)
    crops = np.empty((len(squares), size, size, 3), np.uint8) if out is None else out
    for index, to_source in enumerate(crop_to_source(squares, size)):
        sigma = _blur_sigma(float(squares.sides[index]), size) if antialias else 0.0
        if sigma > 0:
            _blurred_crop(picture, to_source, size, sigma, out=crops[index])
        else:
            _sample(picture, to_source, size, out=crops[index])
    return crops


def crop_masks(masks: UInt8, boxes: Float32, squares: Squares, size: int = CROP_SIZE) -> UInt8:
    """Cut mask i out for square i.

    Args:
        masks: (n, h, w) uint8, 255 inside.
        boxes: (n, 4) x1 y1 x2 y2 in source pixels, the part of the frame that each mask covers.
        squares: n regions.
        size: side of the crops, pixels.

    Returns:
        (n, size, size) uint8, 255 inside, bilinear at the border, 0 outside the boxes.
    """
    crops = np.zeros((len(squares), size, size), np.uint8)
    maps = crop_to_source(squares, size)
    for mask, box, to_source, out in zip(masks, boxes.astype(np.float64), maps, crops, strict=True):
        scale = np.array([mask.shape[1], mask.shape[0]]) / np.maximum(box[2:] - box[:2], 1e-6)
        to_mask = to_source * scale[:, None]
        # Box edges lie between pixels, half a pixel from the centres that the crop's map counts.
        to_mask[:, 2] += (0.5 - box[:2]) * scale - 0.5
        _warp(mask, to_mask, size, out=out)
    return crops


def _blur_sigma(side: float, size: int) -> float:
    half_reduction = side / size / 2
    return (half_reduction - 1) / 2 if half_reduction > _BLUR_ABOVE else 0.0


def _blurred_crop(picture: Picture, to_source: Float64, size: int, sigma: float, out: UInt8) -> None:
    radius = int(_TRUNCATE * sigma + 0.5)
    window = _window(picture.size, to_source, size, radius)
    if window is None:
        out[:] = 0
        return
    rows, columns = window
    # Replicating is right at the frame's own border; everywhere else the window reaches one radius further than needed.
    kernel = (2 * radius + 1, 2 * radius + 1)
    blurred = cv2.GaussianBlur(picture.window(rows, columns), kernel, sigma, borderType=cv2.BORDER_REPLICATE)
    _warped(blurred, _shifted(to_source, rows, columns), size, out)


_FEW_PIXELS = 8
"""Pixels for one that is sampled up to which adding a channel pays."""
_BILINEAR = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


def _sample(picture: Picture, to_source: Float64, size: int, out: UInt8) -> None:
    window = _window(picture.size, to_source, size, 0)
    if window is None:
        out[:] = 0
    else:
        rows, columns = window
        _warped(picture.window(rows, columns), _shifted(to_source, rows, columns), size, out)


def _warped(image: MatLike, to_image: Float64, size: int, out: UInt8) -> None:
    """Sample an (h, w, 3) or (h, w, 4) image at the pixels of a square, into three channels of ``out``.

    OpenCV samples four channels in two fifths of the time of three, and with the same result; adding one to many pixels
    of which few are sampled costs more than that saves.
    """
    three = image.shape[2] == 3
    if three and image.shape[0] * image.shape[1] > _FEW_PIXELS * size * size:
        cv2.warpAffine(image, to_image, (size, size), dst=out, flags=_BILINEAR)
        return
    four = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA) if three else image
    cv2.cvtColor(cv2.warpAffine(four, to_image, (size, size), flags=_BILINEAR), cv2.COLOR_RGBA2RGB, dst=out)


def _warp(mask: UInt8, to_source: Float64, size: int, out: UInt8) -> None:
    window = _window((mask.shape[1], mask.shape[0]), to_source, size, 0)
    if window is not None:
        rows, columns = window
        shifted = _shifted(to_source, rows, columns)
        cv2.warpAffine(mask[rows, columns], shifted, (size, size), dst=out, flags=_BILINEAR)


def _shifted(to_source: Float64, rows: slice, columns: slice) -> Float64:
    """Return the map to the window's own coordinates."""
    shifted = to_source.copy()
    shifted[:, 2] -= (columns.start, rows.start)
    return shifted


def _window(of: tuple[int, int], to_source: Float64, size: int, margin: int) -> tuple[slice, slice] | None:
    """Return the rows and columns of a frame of (width, height) that the crop reads, ``margin`` more on every side.

    None where the crop lies outside the frame.
    """
    last = size - 1
    corners = to_source @ np.array([[0, last, 0, last], [0, 0, last, last], [1, 1, 1, 1]], np.float64)
    spans = []
    for along, length in zip(corners, of, strict=True):
        start = max(math.floor(along.min()) - margin - 1, 0)
        stop = min(math.ceil(along.max()) + margin + 2, length)
        if start >= stop:
            return None
        spans.append(slice(start, stop))
    return spans[1], spans[0]
