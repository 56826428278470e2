"""Reads the page's layout, written after its description and not after the code that writes it."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Columns: TypeAlias = dict[str, NDArray[Any]]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, kind: str, *shape: int) -> NDArray[Any]:
        count = int(np.prod(shape))
        found = np.frombuffer(self._data, np.dtype(kind).newbyteorder("<"), count, self._at).reshape(shape)
        self._at += found.nbytes
        return found

    def even(self) -> None:
        self._at += self._at % 2

    def end(self) -> None:
        assert self._at == len(self._data)


def read_timeline(data: bytes) -> Columns:
    read = _Reader(data)
    _, frames, rows, tracks = read.take("u4", 4).tolist()
    columns = {
        "seconds": read.take("f8", frames),
        "track_ids": read.take("u4", tracks),
        "colors": read.take("u4", tracks),
        "starts": read.take("u4", frames + 1),
        "focal": read.take("f4", frames),
        "position": read.take("f4", rows, 3),
        "ground": read.take("f4", rows),
        "box": read.take("f4", rows, 4),
        "track": read.take("u2", rows),
        "age": read.take("u2", rows),
        "reasons": read.take("u2", rows),
        "angles": read.take("u2", rows, 7),
        "state": read.take("u1", rows),
        "found_by": read.take("u1", rows),
        "usability": read.take("u1", rows),
        "in_world": read.take("u1", rows),
        "contacts": read.take("u1", rows, 2),
        "shot": read.take("u1", frames),
    }
    read.end()
    return columns


def read_bodies(data: bytes) -> Columns:
    read = _Reader(data)
    _, _, rows, _ = read.take("u4", 4).tolist()
    camera = read.take("f4", rows, 3)
    rotations = _matrices(read.take("i2", rows, 24, 3))
    orientation = _matrices(read.take("i2", rows, 1, 3))[:, 0]
    betas = read.take("i2", rows, 10) / 1000
    read.end()
    return {
        "camera": camera,
        "rotations": rotations.astype(np.float32),
        "orientation": orientation,
        "betas": betas.astype(np.float32),
    }


def read_body(data: bytes) -> Columns:
    read = _Reader(data)
    _, vertices, triangles, _ = read.take("u4", 4).tolist()
    columns = {
        "template": read.take("f4", vertices, 3),
        "rest": read.take("f4", 24, 3),
        "rest_shapes": read.take("f4", 24, 3, 10),
    }
    step = read.take("f4", 1)
    columns |= {
        "shapes": read.take("i2", 10, vertices, 3) * step,
        "parents": read.take("i1", 24),
        "bones": read.take("u1", vertices, 4),
        "weights": read.take("u1", vertices, 4),
    }
    read.even()
    columns["triangles"] = read.take("u2", triangles, 3)
    read.end()
    return columns


def _matrices(packed: NDArray[Any]) -> NDArray[Any]:
    vectors = packed.reshape(-1, 3) / 32767 * np.pi
    return Rotation.from_rotvec(vectors).as_matrix().reshape(*packed.shape, 3)
