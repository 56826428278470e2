"""The parts of a ``glb`` file: arrays and where they are in its one buffer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

_COMPONENTS = {"f4": 5126, "u1": 5121, "u2": 5123, "u4": 5125}
_KINDS: Mapping[tuple[int, ...], str] = {(): "SCALAR", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
VERTICES, INDICES = 34962, 34963
"""What the graphics card takes a part of the buffer for."""
_ALIGNMENT = 4


@dataclass(slots=True)
class GlbLayout:
    """Numbers the arrays of a file in the order in which they are added.

    Attributes:
        accessors, views: glTF's lists of arrays and of parts of the buffer, as JSON.
        size: bytes of the buffer.
    """

    accessors: list[dict[str, Any]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0

    def add(self, dtype: DTypeLike, shape: tuple[int, ...], *, target: int | None = None, **more: Any) -> int:
        """Make room for an array and return its number.

        Args:
            dtype: one of float32, uint8, uint16 and uint32.
            shape: rows first.
            target: `VERTICES`, `INDICES` or None.
            more: further properties of the accessor, as ``min`` and ``max``.
        """
        kind = np.dtype(dtype)
        size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
        view: dict[str, Any] = {"buffer": 0, "byteOffset": self.size, "byteLength": size}
        self.views.append(view if target is None else {**view, "target": target})
        self.accessors.append(
            {
                "bufferView": len(self.views) - 1,
                "componentType": _COMPONENTS[f"{kind.kind}{kind.itemsize}"],
                "count": shape[0],
                "type": _KINDS[shape[1:]],
                **more,
            }
        )
        self.size += -(-size // _ALIGNMENT) * _ALIGNMENT
        return len(self.accessors) - 1

    def place(self, number: int) -> int:
        """Return where in the buffer the array ``number`` begins, bytes."""
        place: int = self.views[number]["byteOffset"]
        return place
