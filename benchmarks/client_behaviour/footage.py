"""The videos that clients send, as JPEG files."""

from collections.abc import Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import av
import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "snow_promenade.mp4"
_DATA = ROOT.parent / "shared" / "data"
"""Real footage that is not part of the project; where it is missing, parts of the sample take its place."""
_QUALITY = 85
SIZE, OTHER_SIZE = (640, 360), (576, 324)

Jpegs: TypeAlias = tuple[bytes, ...]


def sample(count: int) -> Jpegs:
    """Return the first frames of the sample."""
    return _jpegs(SAMPLE, count, SIZE, np.s_[:, :])


def videos(count: int, size: tuple[int, int] = SIZE) -> Mapping[str, Jpegs]:
    """Return the first ``count`` frames of every video at hand, all scaled to one size."""
    real = [*sorted(_DATA.glob("*.mp4")), *sorted(_DATA.glob("*.avi")), *sorted((_DATA / "snow").glob("*.mov"))]
    if real:
        return {path.stem: _jpegs(path, count, size, np.s_[:, :]) for path in (*real, SAMPLE)}
    parts: dict[str, tuple[slice, ...] | slice] = {"left": np.s_[:, :640], "right": np.s_[:, 640:]}
    parts |= {"upper": np.s_[:360], "lower": np.s_[360:]}
    return {name: _jpegs(SAMPLE, count, size, part) for name, part in parts.items()}


def black(size: tuple[int, int] = SIZE) -> bytes:
    """Return a black frame."""
    return _encoded(np.zeros((size[1], size[0], 3), np.uint8))


@cache
def negative(jpeg: bytes) -> bytes:
    """Return a frame of a scene that no video has."""
    image = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    return _encoded(255 - image)


def _jpegs(path: Path, count: int, size: tuple[int, int], part: tuple[slice, ...] | slice) -> Jpegs:
    with av.open(str(path)) as container:
        images = [frame.to_ndarray(format="bgr24")[part] for frame in islice(container.decode(video=0), count)]
    return tuple(_encoded(cv2.resize(image, size, interpolation=cv2.INTER_AREA)) for image in images)


def _encoded(image: NDArray[Any]) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
