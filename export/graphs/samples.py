"""Inputs for parity checks: pictures with structure first, noise after them."""

import numpy as np

from tracker_service.types import UInt8


def pictures(count: int, height: int, width: int, generator: np.random.Generator) -> UInt8:
    """Return (count, height, width, 3) uint8: gradient, blobs, checks, noise, black and white, in turn.

    Args:
        count: how many.
        height: rows.
        width: columns.
        generator: decides colours, places and noise.
    """
    makers = (_gradient, _blobs, _checks, _noise, _flat)
    start = int(generator.integers(len(makers)))
    return np.stack([makers[(start + index) % len(makers)](height, width, generator) for index in range(count)])


def _gradient(height: int, width: int, generator: np.random.Generator) -> UInt8:
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    corners = generator.uniform(0, 255, (2, 3))
    ramp = (rows + columns)[..., None] / 2
    return np.asarray(corners[0] + (corners[1] - corners[0]) * ramp, np.uint8)


def _blobs(height: int, width: int, generator: np.random.Generator) -> UInt8:
    rows, columns = np.mgrid[0:height, 0:width]
    picture = np.full((height, width, 3), generator.uniform(0, 255, 3))
    for _ in range(8):
        row, column = generator.uniform(0, 1, 2) * (height, width)
        radii = generator.uniform(0.03, 0.25, 2) * (height, width)
        inside = ((rows - row) / radii[0]) ** 2 + ((columns - column) / radii[1]) ** 2 < 1
        picture[inside] = generator.uniform(0, 255, 3)
    return np.asarray(picture, np.uint8)


def _checks(height: int, width: int, generator: np.random.Generator) -> UInt8:
    side = int(generator.integers(3, 24))
    rows, columns = np.mgrid[0:height, 0:width] // side
    colours = generator.integers(0, 256, (2, 3))
    return np.asarray(colours[(rows + columns) % 2], np.uint8)


def _noise(height: int, width: int, generator: np.random.Generator) -> UInt8:
    return generator.integers(0, 256, (height, width, 3), dtype=np.uint8)


def _flat(height: int, width: int, generator: np.random.Generator) -> UInt8:
    return np.full((height, width, 3), 255 * generator.integers(2), np.uint8)
