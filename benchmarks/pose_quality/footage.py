"""Labelled footage as pictures that stand alone: riders' clips, and stills with joints."""

import json
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.pose_quality.copies import Copy, TruePerson
from benchmarks.riders.labels import LABELLED_JOINTS, LABELLED_NAMES, LabelledFrame, read_clips
from tracker_service.body.joints import JOINT_INDEX
from tracker_service.types import Float64

_NUMBER = 44
_REACH = 0.08
_BIN = 30


def rider_pictures(folder: Path) -> Iterator[Copy]:
    """Yield the labelled frames of a folder of riders' clips; see `benchmarks.riders`."""
    for clip in read_clips(folder):
        with av.open(str(clip.video)) as video:
            for number, frame in enumerate(video.decode(video=0)):
                if number in clip.labels:
                    image = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
                    yield Copy("riders", 0, image, (_rider(clip.labels[number]),))


def still_pictures(folder: Path) -> Iterator[Copy]:
    """Yield stills with the joints and the lean of one person each, as its ``labels.json`` names them."""
    file = folder / "labels.json"
    for label in json.loads(file.read_text()) if file.is_file() else ():
        image = cv2.imread(str(folder / label["image"]))
        if image is None:
            continue
        lean = _BIN * int(label["lean_degrees"] // _BIN)
        joints = np.full((_NUMBER, 2), np.nan)
        for name, place in label["joints"].items():
            if name in JOINT_INDEX:
                joints[JOINT_INDEX[name]] = place
        kind = f"stills, lean {lean} to {lean + _BIN}°"
        yield Copy(kind, lean, np.ascontiguousarray(image[..., ::-1]), (_around(joints),))


def _rider(label: LabelledFrame) -> TruePerson:
    joints = np.full((_NUMBER, 2), np.nan)
    for name, place in zip(LABELLED_JOINTS, label.joints, strict=True):
        if name in LABELLED_NAMES:
            joints[JOINT_INDEX[LABELLED_NAMES[name]]] = place
    return TruePerson(label.box, joints, label.size)


def _around(joints: Float64) -> TruePerson:
    low, high = np.nanmin(joints, axis=0), np.nanmax(joints, axis=0)
    size = float((high - low).max())
    return TruePerson(np.concatenate([low - _REACH * size, high + _REACH * size]), joints, (1 + 2 * _REACH) * size)
