"""Recorded answers of models, found again by a few pixels of what was asked; needs numpy alone.

A tree that scales or converts pictures a little differently still gets the answers of the same picture: the recorded
one whose pixels are nearest counts.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_GRID = 16
"""Pixels of a picture that are compared, along each side."""


class Recordings:
    """Answers of models by row, for every model the pixels that were asked and the outputs.

    Args:
        seen: (n, k) uint8 pixels, by model.
        outputs: of the same n rows, by model and output.
    """

    def __init__(self, seen: Mapping[str, Array], outputs: Mapping[str, Mapping[str, Array]]) -> None:
        self._seen = {model: rows.astype(np.int16) for model, rows in seen.items()}
        self._outputs = outputs

    @classmethod
    def load(cls, path: Path, only: str | None = None) -> Self:
        """Read what `RecordingClient.save` wrote, of all models or of one."""
        seen: dict[str, Array] = {}
        outputs: dict[str, dict[str, Array]] = {}
        with np.load(path) as arrays:
            for key in arrays.files:
                model, name = key.split("/")
                if only not in (None, model):
                    continue
                if name == "seen":
                    seen[model] = arrays[key]
                else:
                    outputs.setdefault(model, {})[name] = arrays[key]
        return cls(seen, outputs)

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the recorded models."""
        return tuple(self._seen)

    def answer(self, model: str, pictures: Array, outputs: Sequence[str]) -> dict[str, Array]:
        """Return the outputs that were recorded for the nearest pictures.

        Args:
            model: its name.
            pictures: (n, h, w, 3) uint8.
            outputs: names of those wanted.
        """
        if not len(pictures):
            return {name: self._outputs[model][name][:0] for name in outputs}
        seen = self._seen[model]
        asked = sampled(pictures).astype(np.int16)
        rows = [int(np.abs(seen - pixels).sum(axis=1, dtype=np.int32).argmin()) for pixels in asked]
        return {name: self._outputs[model][name][rows] for name in outputs}


def sampled(pictures: Array) -> Array:
    """Return (n, k) uint8: some pixels of each of n pictures (n, h, w, 3)."""
    steps = [max(side // _GRID, 1) for side in pictures.shape[1:3]]
    few = pictures[:, steps[0] // 2 :: steps[0], steps[1] // 2 :: steps[1]][:, :_GRID, :_GRID]
    return np.ascontiguousarray(few.reshape(len(pictures), -1))
