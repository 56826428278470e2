"""Frames of the sample made worse in known ways, with the exact joints of the people in them."""

from collections.abc import Iterator
from dataclasses import dataclass

import av
import cv2
import numpy as np

from harness.clips import SAMPLE
from samples.truth import ClipTruth
from tracker_service.types import Float64, UInt8

EVERY = 10
"""Frames from one that is taken to the next."""
_FIRST = 5
LEAST_VISIBLE = 0.3
_SHRUNK = (0.5, 0.3, 0.2, 0.12, 0.08)
_BLURRED = (0.01, 0.02, 0.04, 0.07, 0.12)
_PERSON = 250
"""Pixels of a person of the sample; blur is given as a part of it."""
_DARKENED = (0.3, 0.1, 0.05, 0.03, 0.015)
_NOISE = 2.0
_CUT = (0.35, 0.5, 0.65, 0.8)
_BEHEADED = (0.7, 0.85)
_TURNED = (30, 60, 90, 120, 150, 180)


@dataclass(frozen=True, slots=True)
class TruePerson:
    """Somebody in a picture.

    Attributes:
        box: (4,) x1 y1 x2 y2 of what is seen of him, pixels.
        joints: (44, 2) pixels, also outside of the picture.
        height: pixels of the whole body.
    """

    box: Float64
    joints: Float64
    height: float


@dataclass(frozen=True, slots=True)
class Copy:
    """One picture.

    Attributes:
        kind: what was done to it.
        degree: how much.
        image: (H, W, 3) uint8 RGB.
        people: those in it of whom at least a third is seen.
        alone: whether it stands alone, or begins a clip; otherwise it follows the one before.
    """

    kind: str
    degree: float
    image: UInt8
    people: tuple[TruePerson, ...]
    alone: bool = True


def copies(every: int = EVERY) -> Iterator[Copy]:
    """Yield every copy of some frames of the sample, the same in every run."""
    truth = ClipTruth.load(SAMPLE.with_name("ground_truth.npz"))
    random = np.random.default_rng(0)
    with av.open(str(SAMPLE)) as video:
        for number, frame in enumerate(video.decode(video=0)):
            if number % every == _FIRST:
                image = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
                people = _people(truth, number)
                yield Copy("as it is", 0, image, people)
                yield from _spoilt(image, people, random)
                yield from _cut(image, people)
                yield from _turned(image, people)


def _people(truth: ClipTruth, number: int) -> tuple[TruePerson, ...]:
    rows = np.flatnonzero(truth.visibility[number] > LEAST_VISIBLE)
    boxes = truth.boxes[number].astype(np.float64)
    return tuple(
        TruePerson(
            truth.visible_boxes[number, row].astype(np.float64),
            truth.joints_2d[number, row].astype(np.float64),
            float(boxes[row, 3] - boxes[row, 1]),
        )
        for row in rows
    )


def _spoilt(image: UInt8, people: tuple[TruePerson, ...], random: np.random.Generator) -> Iterator[Copy]:
    for scale in _SHRUNK:
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        shrunk = tuple(TruePerson(one.box * scale, one.joints * scale, one.height * scale) for one in people)
        yield Copy("shrunk", scale, np.asarray(small, np.uint8), shrunk)
    for share in _BLURRED:
        blurred = cv2.GaussianBlur(image, (0, 0), share * _PERSON)
        yield Copy("blurred", share, np.asarray(blurred, np.uint8), people)
    for gain in _DARKENED:
        dark = image.astype(np.float32) * gain + random.normal(0, _NOISE, image.shape)
        yield Copy("darkened", gain, np.clip(dark, 0, 255).astype(np.uint8), people)


def _cut(image: UInt8, people: tuple[TruePerson, ...]) -> Iterator[Copy]:
    """Cut the picture through one person at a time."""
    for person in people:
        top, bottom = person.joints[:, 1].min() - 0.05 * person.height, person.box[3]
        if bottom >= len(image) - 1 or bottom - top < 0.9 * person.height:
            continue
        for share in _CUT:
            end = int(top + share * person.height)
            yield Copy("cut off below", share, image[:end].copy(), (_within(person, (0, 0), (image.shape[1], end)),))
        for share in _BEHEADED:
            start = int(bottom - share * person.height)
            size = image.shape[1], len(image) - start
            yield Copy("cut off above", share, image[start:].copy(), (_within(person, (0, start), size),))


def _within(person: TruePerson, corner: tuple[int, int], size: tuple[int, int]) -> TruePerson:
    box = np.clip(person.box - np.tile(corner, 2), 0, np.tile(size, 2)).astype(np.float64)
    return TruePerson(box, person.joints - corner, person.height)


def _turned(image: UInt8, people: tuple[TruePerson, ...]) -> Iterator[Copy]:
    """Turn the picture about its middle; what was outside of it repeats its border."""
    height, width = image.shape[:2]
    side = int(np.hypot(width, height)) & ~1
    for angle in _TURNED:
        turn = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0), np.float64)
        turn[:, 2] += [(side - width) / 2, (side - height) / 2]
        picture = cv2.warpAffine(image, turn, (side, side), borderMode=cv2.BORDER_REPLICATE)
        yield Copy("turned", angle, np.asarray(picture, np.uint8), tuple(_moved(person, turn) for person in people))


def _moved(person: TruePerson, turn: Float64) -> TruePerson:
    joints = person.joints @ turn[:, :2].T + turn[:, 2]
    low, high = joints.min(axis=0), joints.max(axis=0)
    reach = 0.06 * (high - low).max()
    return TruePerson(np.concatenate([low - reach, high + reach]), joints, person.height)
