"""One size for all frames of a run: the most common one, into which pictures of other sizes are fitted."""

from collections import Counter
from collections.abc import Iterable

import cv2
import numpy as np

from tracker_service.types import UInt8


def most_common_size(sizes: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Return the size that most pictures have; of equally common ones the first."""
    return Counter(sizes).most_common(1)[0][0]


def fitted(image: UInt8, size: tuple[int, int]) -> UInt8:
    """Return an image of another size in full within ``size`` (width, height): scaled, centred, borders black."""
    height, width = image.shape[:2]
    if (width, height) == size:
        return image
    scale = min(size[0] / width, size[1] / height)
    inner = (max(round(width * scale), 1), max(round(height * scale), 1))
    scaled = cv2.resize(image, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    canvas[top : top + inner[1], left : left + inner[0]] = scaled
    return canvas
