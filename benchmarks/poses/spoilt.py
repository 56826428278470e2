"""People turned, shrunken, blurred and darkened by a known amount: from where on are they missed, or posed wrongly?

The truth is the product's own pose of the unspoilt frame, so the errors say how much a change costs, not how good the
pose was before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from benchmarks.poses.curves import draw_curves
from benchmarks.poses.product import Product
from benchmarks.poses.stills import best_overlap
from tracker_service.body.joints import BODY_25_SIZE
from tracker_service.types import Float32, Float64, UInt8

COLUMNS = {
    "change": "change",
    "amount": "amount",
    "frames": "frames",
    "found": "share found",
    "error": "error, box given",
    "found_error": "error, found",
}
_ANGLES = (0, 45, 90, 135, 180, -135, -90, -45)
_HEIGHTS = (160, 100, 70, 50, 40, 30, 20)
"""Pixels of the person in a picture that is 640 wide."""
_BLURS = (0.05, 0.1, 0.15, 0.2, 0.3)
"""Length of a horizontal motion blur, as a part of the person's size."""
_GAINS = (0.5, 0.25, 0.12, 0.06, 0.03)
_FRAMES = 6
_FOUND = 0.4
_CANVAS, _SHOWN = 480, 2.4
"""Side in pixels of a turned picture, and how many sizes of the person it shows."""
_NOISE = 2.0


@dataclass(frozen=True, slots=True)
class _Subject:
    """The largest person of a frame: image, (4,) box, and (25, 2) joints as the product poses them there."""

    image: UInt8
    box: Float64
    joints: Float64

    @property
    def size(self) -> float:
        return float((self.box[2:] - self.box[:2]).max())


@dataclass(frozen=True, slots=True)
class _Spoilt:
    """A changed picture, and the (2, 3) map of unchanged pixels to its pixels."""

    image: UInt8
    to_spoilt: Float64


def spoilt_rows(video: Path, product: Product, pictures: Path | None) -> list[dict[str, Any]]:
    """Return a row for every change and amount; draw the curves where ``pictures`` names a folder."""
    subjects = list(_subjects(video, product))
    rows = [
        _row(change, amount, [(subject, spoil(subject, amount)) for subject in subjects], product)
        for change, spoil, amounts in _CHANGES
        for amount in amounts
    ]
    if pictures is not None:
        draw_curves(rows, pictures / f"spoilt_{video.stem}.png", video.stem)
    return rows


def _subjects(video: Path, product: Product) -> Iterator[_Subject]:
    with av.open(str(video)) as container:
        total = container.streams.video[0].frames
        wanted = set(np.linspace(total * 0.05, total * 0.95, _FRAMES).astype(int).tolist())
        for number, frame in enumerate(container.decode(video=0)):
            if number not in wanted:
                continue
            image = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
            people = product.people_in(image)
            if len(people.boxes):
                box = people.boxes[np.ptp(people.boxes[:, 1::2], axis=1).argmax()]
                joints = product.pose_in(image, box).joints_2d[:BODY_25_SIZE]
                yield _Subject(image, box.astype(np.float64), joints.astype(np.float64))


def _row(
    change: str, amount: float, spoilt: list[tuple[_Subject, _Spoilt]], product: Product
) -> dict[str, float | str | None]:
    given, found = [], []
    for subject, picture in spoilt:
        box = _box(subject, picture)
        given.append(_error(subject, picture, product.pose_in(picture.image, box).joints_2d))
        people = product.people_in(picture.image)
        row = best_overlap(box, people.boxes, _FOUND)
        if row is not None:
            found.append(_error(subject, picture, people.joints_2d[row]))
    return {
        "change": change,
        "amount": amount,
        "frames": len(spoilt),
        "found": len(found) / max(len(spoilt), 1),
        "error": float(np.mean(given)) if given else None,
        "found_error": float(np.mean(found)) if found else None,
    }


def _box(subject: _Subject, picture: _Spoilt) -> Float32:
    """Return the (4,) box of the person in the changed picture, around joints that moved with it."""
    points = _moved(subject.joints, picture.to_spoilt)
    low, high = points.min(axis=0), points.max(axis=0)
    reach = 0.05 * (high - low).max()
    height, width = picture.image.shape[:2]
    corners = np.clip(np.stack([low - reach, high + reach]), 0, (width, height))
    return np.asarray(corners.reshape(4), np.float32)


def _error(subject: _Subject, picture: _Spoilt, joints_2d: Float32) -> float:
    back = cv2.invertAffineTransform(picture.to_spoilt)
    unspoilt = _moved(joints_2d[:BODY_25_SIZE].astype(np.float64), np.asarray(back, np.float64))
    return float(np.linalg.norm(unspoilt - subject.joints, axis=1).mean() / subject.size)


def _moved(points: Float64, affine: Float64) -> Float64:
    return np.asarray(points @ affine[:, :2].T + affine[:, 2], np.float64)


def _turned(subject: _Subject, degrees: float) -> _Spoilt:
    """Turn the picture clockwise about the person, shown in a square."""
    angle, zoom = np.radians(degrees), _CANVAS / (_SHOWN * subject.size)
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (subject.box[:2] + subject.box[2:]) / 2
    affine = np.column_stack([turn, np.full(2, _CANVAS / 2) - turn @ middle])
    image = cv2.warpAffine(subject.image, affine, (_CANVAS, _CANVAS), borderMode=cv2.BORDER_REFLECT)
    return _Spoilt(np.asarray(image, np.uint8), affine)


def _shrunken(subject: _Subject, height: float) -> _Spoilt:
    """Shrink the picture into the middle of a black one of 640 pixels width, so that the person has this height."""
    rows, columns = subject.image.shape[:2]
    scale = min(height / subject.size, 640 / columns)
    width, tall = 640, round(rows * 640 / columns)
    shift = np.array([width - columns * scale, tall - rows * scale]) / 2
    affine = np.column_stack([scale * np.eye(2), shift])
    small = cv2.resize(subject.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    canvas = np.zeros((tall, width, 3), np.uint8)
    x, y = np.round(shift).astype(int)
    canvas[y : y + small.shape[0], x : x + small.shape[1]] = small[: tall - y, : width - x]
    return _Spoilt(canvas, affine)


def _blurred(subject: _Subject, part: float) -> _Spoilt:
    length = max(int(part * subject.size) | 1, 3)
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1 / length
    return _Spoilt(np.asarray(cv2.filter2D(subject.image, -1, kernel), np.uint8), np.eye(2, 3))


def _darkened(subject: _Subject, gain: float) -> _Spoilt:
    noise = np.random.default_rng(0).normal(0, _NOISE, subject.image.shape)
    return _Spoilt(np.clip(subject.image * gain + noise, 0, 255).astype(np.uint8), np.eye(2, 3))


_CHANGES: tuple[tuple[str, Callable[[_Subject, float], _Spoilt], tuple[float, ...]], ...] = (
    ("turned, degrees", _turned, _ANGLES),
    ("height, pixels of 640", _shrunken, _HEIGHTS),
    ("blur, part of the size", _blurred, _BLURS),
    ("gain", _darkened, _GAINS),
)
