"""Frames as clients post them."""

import base64
from functools import cache
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import orjson

_SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "snow_promenade.mp4"
_QUALITY = 85


_ONE_WALKER = np.s_[180:660, :480]
"""Rows and columns of the sample in whose first second there is one person only."""
_WHOLE = np.s_[:, :]


@cache
def jpegs(count: int, size: tuple[int, int], *, one_walker: bool = False) -> tuple[bytes, ...]:
    """Return the first ``count`` frames of the sample as JPEG files.

    Args:
        count: how many; of one walker at most 24.
        size: width and height that they are scaled to.
        one_walker: cut out one person.
    """
    part = _ONE_WALKER if one_walker else _WHOLE
    with av.open(str(_SAMPLE)) as container:
        images = [frame.to_ndarray(format="bgr24")[part] for frame in islice(container.decode(video=0), count)]
    scaled = (cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images)
    return tuple(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes() for image in scaled)


def there_and_back(number: int, count: int) -> int:
    """Return which of ``count`` frames stands at ``number`` of an endless video that runs forwards, then backwards."""
    at = number % (2 * count - 2)
    return min(at, 2 * count - 2 - at)


def json_body(jpeg: bytes, number: int) -> bytes:
    """Return the body that the older clients post."""
    return orjson.dumps({"image_base64": base64.b64encode(jpeg).decode(), "frame_number": number})
