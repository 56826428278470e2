"""Labelled stills: pictures that stand alone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.pose_quality.copies import Copy, TruePerson
from tracker_service.body.joints import JOINT_INDEX
from tracker_service.types import Float64
from tracker_service.types.phalp_vectors import NUMBER_OF_HMR_JOINTS

_REACH = 0.08
_BIN = 30
_MOST_LEAN = 179


def still_pictures(folder: Path) -> Iterator[Copy]:
    """Yield stills with the joints and the lean of one person each, as its ``labels.json`` names them."""
    file = folder / "labels.json"
    labels = json.loads(file.read_text()) if file.is_file() else []
    for label in sorted(labels, key=_lean):
        image = cv2.imread(str(folder / label["image"]))
        if image is None:
            continue
        lean = _lean(label)
        joints = np.full((NUMBER_OF_HMR_JOINTS, 2), np.nan)
        for name, place in label["joints"].items():
            if name in JOINT_INDEX:
                joints[JOINT_INDEX[name]] = place
        kind = f"stills, lean {lean} to {lean + _BIN}°"
        yield Copy(kind, lean, np.ascontiguousarray(image[..., ::-1]), (_around(joints),))


def _lean(label: dict[str, Any]) -> int:
    """Return the least lean of the bin, degrees."""
    return _BIN * int(min(label["lean_degrees"], _MOST_LEAN) // _BIN)


def _around(joints: Float64) -> TruePerson:
    low, high = np.nanmin(joints, axis=0), np.nanmax(joints, axis=0)
    size = float((high - low).max())
    return TruePerson(np.concatenate([low - _REACH * size, high + _REACH * size]), joints, (1 + 2 * _REACH) * size)
